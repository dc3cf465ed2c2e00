
// The list of missing sources.

const missing = (() => {
	const part = (name) => document.getElementById(`missing-${name}`);
	const pages = new Pages('missing', cells, detail);
	const orders = {
		'held back': () => 0,
		unlocks: (a, b) => sources.unlocks[b] - sources.unlocks[a],
		size: (a, b) => sources.bytes[b] - sources.bytes[a],
		name: (a, b) => (sourceName(a) < sourceName(b) ? -1 : 1),
	};
	let texts = null; // by source: what is searched

	function cells(i) {
		return [
			sourceName(i), [thousands(sources.users[i]), 'n'], [thousands(sources.unlocks[i]), 'n'],
			[sourceText('why', i), 'text'], [sourceText('host', i), 'text hosts'],
			[formatBytes(sources.bytes[i]), 'n'],
		];
	}

	function detail(i) {
		const users = usersOf(i);
		const said = sourceText('detail', i);
		const message = sourceText('message', i);
		return detailList([
			['URLs', urlList(sources.urls[i])],
			['Why', text(sourceText('why', i))],
			['What was said', said === message ? null : text(said, 'text message')],
			['By hand', text(message, 'text message')],
			['Host', text(sourceText('host', i))],
			['Kind', text(sourceText('kind', i))],
			['Output path', element('code', { class: 'text' }, `/nix/store/${sources.path[i]}`)],
			['Needed by', userList(users)],
			['A way there', wayText(users)],
		]);
	}

	function urlList(urls) {
		if (urls.length === 0) return null;
		return element('ul', {}, ...urls.map((url) => element('li', {}, urlElement(url))));
	}

	function userList({ users }) {
		const most = 20;
		const names = users.slice(0, most).map((i) => linkButton(attributeLabel(i), () => page.showAttribute(i)));
		if (users.length > most) names.push(`and ${thousands(users.length - most)} more`);
		return element('div', { class: 'names' }, ...(users.length > 0 ? names : ['no attribute']));
	}

	function wayText({ users, way }) {
		return users.length > 0 ? text(way(users[0]).join(' → '), 'text way') : null;
	}

	function searched() {
		texts = texts || sources.path.map((path, i) => [
			path, ...sources.urls[i], sourceText('host', i), sourceText('why', i),
			sourceText('kind', i), sourceText('detail', i),
		].join('\n').toLowerCase());
		return texts;
	}

	// needed returns the sources that the chosen attributes need which match the
	// pattern, or null if that is no matter.
	function needed() {
		const pattern = part('user').value.trim();
		if (pattern === '' && !anyChosen()) return null;
		const like = pattern === '' ? () => true : globMatcher(pattern);
		const list = [];
		for (let i = 0; i < attributeCount; i++) {
			if (isChosen(i) && like(attributes.path[i])) list.push(i);
		}
		return sourcesOf(list);
	}

	// fields returns what the selects ask for: a field and the number of its text.
	function fields() {
		return ['why', 'host', 'kind'].map((field) => [sources[field], part(field).value])
			.filter(([, value]) => value !== '').map(([column, value]) => [column, Number(value)]);
	}

	function refresh() {
		const words = wordsOf(part('text'));
		const texts = words.length > 0 ? searched() : null;
		const wanted = fields();
		const users = needed();
		const found = [];
		for (let i = 0; i < sourceCount; i++) {
			if (users && !users[i]) continue;
			if (wanted.some(([column, value]) => column[i] !== value)) continue;
			if (texts && !matchesWords(words, texts[i])) continue;
			found.push(i);
		}
		pages.show(found.sort(orders[part('order').value]));
		part('summary').textContent = summary(found);
	}

	function summary(found) {
		if (sourceCount === 0) return 'None: every source is held.';
		const all = found.length === sourceCount ? '' : ` of ${thousands(sourceCount)}`;
		const known = found.filter((i) => sources.bytes[i] >= 0);
		const bytes = known.reduce((sum, i) => sum + sources.bytes[i], 0);
		const size = known.length > 0 ? `, ${formatBytes(bytes)}` : '';
		const unknown = found.length - known.length;
		const rest = unknown > 0 ? `, ${thousands(unknown)} of unknown size` : '';
		return thousands(found.length) + all + (found.length === 1 && !all ? ' source' : ' sources') + size + rest;
	}

	// options are the texts of a field, the most frequent first.
	function options(field, none) {
		const counts = new Map();
		for (const value of sources[field]) counts.set(value, (counts.get(value) || 0) + 1);
		const sorted = [...counts].sort((a, b) => b[1] - a[1]);
		return [['', 'any'], ...sorted.map(([value, n]) => [value, `${data.texts[value] || none} (${thousands(n)})`])];
	}

	function start() {
		fillSelect(part('why'), options('why'));
		fillSelect(part('host'), options('host', '(no host)'));
		fillSelect(part('kind'), options('kind'));
		fillSelect(part('order'), Object.keys(orders).map((name) => [name, name]));
		const form = part('controls');
		form.hidden = sourceCount === 0;
		form.addEventListener('input', refresh);
		form.addEventListener('submit', (event) => event.preventDefault());
		form.addEventListener('reset', (event) => {
			event.preventDefault();
			clear({});
			page.choose({ snapshot: null });
		});
	}

	// clear empties the fields but for those that values names.
	function clear(values) {
		for (const name of ['text', 'user', 'why', 'host', 'kind']) {
			part(name).value = name in values ? values[name] : '';
		}
	}

	// filter asks for what failed at a host for a reason; either may be "" for any.
	function filter(why, host) {
		const number = (text) => (text === '' ? '' : data.texts.indexOf(text === '(no host)' ? '' : text));
		clear({ why: number(why), host: number(host) });
	}

	return { start, refresh, clear, filter, pages };
})();
