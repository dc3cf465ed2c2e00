
// The list of attributes.

const attributeList = (() => {
	const part = (name) => document.getElementById(`attributes-${name}`);
	const pages = new Pages('attributes', cells, detail);
	const orders = {
		path: () => 0,
		'missing, fewest first': (a, b) => attributes.missing[a] - attributes.missing[b],
		'missing, most first': (a, b) => attributes.missing[b] - attributes.missing[a],
	};

	function cells(i) {
		return [
			attributeLabel(i), [verdicts[verdict(i)], ''], [thousands(attributes.needs[i]), 'n'],
			[thousands(attributes.missing[i]), 'n'], [data.sets[attributes.set[i]], 'text hosts'],
		];
	}

	function detail(i) {
		return detailList([
			['Snapshot', text(data.snapshots[attributes.snapshot[i]])],
			['Error', text(data.texts[attributes.error[i]], 'text message')],
			['Missing', missingNames(i)],
			['Ask again', element('code', {}, `granary query buildable ${shellWord(attributes.path[i])}`)],
		]);
	}

	function missingNames(i) {
		const most = 20;
		const needed = sourcesOf([i]);
		const list = [];
		needed.forEach((is, source) => is && list.push(source));
		if (list.length === 0) return null;
		const names = list.slice(0, most).map((source) => text(sourceName(source)));
		names.push(linkButton(`list ${list.length === 1 ? 'it' : `all ${thousands(list.length)}`}`,
			() => page.showNeeds(i)));
		return element('div', { class: 'names' }, ...names);
	}

	function refresh() {
		const words = wordsOf(part('text'));
		const wanted = part('verdict').value;
		const found = [];
		for (let i = 0; i < attributeCount; i++) {
			if (!isChosen(i) || wanted !== '' && verdict(i) !== wanted) continue;
			if (words.length > 0 && !matchesWords(words, searched(i))) continue;
			found.push(i);
		}
		pages.show(found.sort(orders[part('order').value]));
		const all = found.length === attributeCount ? '' : ` of ${thousands(attributeCount)}`;
		part('summary').textContent = `${thousands(found.length)}${all} attributes`;
	}

	const searched = (i) => `${attributes.path[i]}\n${data.texts[attributes.error[i]]}`.toLowerCase();

	function start() {
		fillSelect(part('verdict'), [['', 'any'], ...Object.entries(verdicts)]);
		fillSelect(part('order'), Object.keys(orders).map((name) => [name, name]));
		const form = part('controls');
		form.hidden = attributeCount === 0;
		form.addEventListener('input', refresh);
		form.addEventListener('submit', (event) => event.preventDefault());
		form.addEventListener('reset', (event) => {
			event.preventDefault();
			part('text').value = part('verdict').value = '';
			page.choose({ snapshot: null });
		});
	}

	return { start, refresh, pages };
})();

// shellWord returns text as a shell takes it for one word.
function shellWord(text) {
	return /^[\w.\/:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
