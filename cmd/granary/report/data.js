
// The data is a list for each field; texts that come often stand in data.texts.

const data = JSON.parse(document.getElementById('data').textContent);
for (const columns of [data.attributes, data.sources, data.graph]) {
	for (const name in columns) columns[name] ||= []; // a list without items is null
}
const sources = data.sources;
const attributes = data.attributes;
const sourceCount = sources.path.length;
const attributeCount = attributes.path.length;

// A path in the Nix store is /nix/store/, 32 digits, a dash and the name.
const sourceName = (i) => sources.path[i].slice(33);
const sourceText = (field, i) => data.texts[sources[field][i]];

const verdicts = { yes: 'yes', no: 'no', failed: 'did not evaluate' };

function verdict(i) {
	if (attributes.error[i] !== 0) return 'failed';
	return attributes.missing[i] === 0 ? 'yes' : 'no';
}

// What the reader chose for the whole page: a package set and a snapshot, by their
// numbers, or null for all.
const chosen = { set: null, snapshot: null };

function isChosen(attribute) {
	return (chosen.set === null || attributes.set[attribute] === chosen.set) &&
		(chosen.snapshot === null || attributes.snapshot[attribute] === chosen.snapshot);
}

const anyChosen = () => chosen.set !== null || chosen.snapshot !== null;

// attributeLabel names the snapshot, too, where there are several.
function attributeLabel(i) {
	if (data.snapshots.length < 2) return attributes.path[i];
	return `${attributes.path[i]} (${data.snapshots[attributes.snapshot[i]]})`;
}
