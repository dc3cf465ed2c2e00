
// A long list, of which one page at a time is there.

class Pages {
	// kind begins the ids of its parts; cells(i) returns those of item i, of which the
	// first is the text of the button that opens it; detail(i) returns what then shows.
	constructor(kind, cells, detail) {
		this.list = document.getElementById(`${kind}-list`);
		this.cells = cells;
		this.detail = detail;
		this.items = [];
		this.length = 50;
		this.page = 0;
		this.list.hidden = false;
		this.bars = [`${kind}-pages-above`, `${kind}-pages`].map((id) => this.pageBar(id));
	}

	pageBar(id) {
		const bar = document.getElementById(id);
		const text = element('span');
		const back = element('button', { type: 'button' }, 'Previous');
		const on = element('button', { type: 'button' }, 'Next');
		back.addEventListener('click', () => this.turn(-1));
		on.addEventListener('click', () => this.turn(1));
		bar.append(back, text, on);
		return { bar, text, back, on };
	}

	turn(by) {
		this.page += by;
		this.draw();
		this.bars[0].bar.scrollIntoView({ block: 'nearest' });
	}

	show(items) {
		this.items = items;
		this.page = 0;
		this.draw();
	}

	// draw draws the page that is turned to.
	draw() {
		const begin = this.page * this.length;
		const end = Math.min(begin + this.length, this.items.length);
		const rows = [];
		for (let at = begin; at < end; at++) rows.push(this.row(this.items[at]));
		this.list.tBodies[0].replaceChildren(...rows);
		for (const { bar, text, back, on } of this.bars) {
			bar.hidden = this.items.length <= this.length;
			text.textContent = `${thousands(begin + 1)} to ${thousands(end)} of ${thousands(this.items.length)}`;
			back.disabled = begin === 0;
			on.disabled = end === this.items.length;
		}
	}

	row(i) {
		const [name, ...rest] = this.cells(i);
		const button = linkButton(name, () => this.toggle(row, button, i),
			{ class: 'link opens', 'aria-expanded': 'false' });
		const row = element('tr', {}, element('th', { scope: 'row', class: 'text' }, button));
		for (const [text, kind] of rest) row.append(element('td', { class: kind }, text));
		return row;
	}

	toggle(row, button, i) {
		const open = button.getAttribute('aria-expanded') === 'true';
		button.setAttribute('aria-expanded', !open);
		row.classList.toggle('open', !open);
		if (open) {
			row.nextElementSibling.remove();
			return;
		}
		const cell = element('td', { colspan: row.children.length }, this.detail(i));
		row.after(element('tr', { class: 'detail' }, cell));
	}

	// showOnly shows one item, opened.
	showOnly(item) {
		this.show([item]);
		this.list.querySelector('.opens').click();
	}
}

// detailList makes a list of terms and what there is to say of each; empty ones are
// left out.
function detailList(pairs) {
	const list = element('dl');
	for (const [term, value] of pairs) {
		if (value) list.append(element('dt', {}, term), element('dd', {}, value));
	}
	return list;
}

function text(value, kind = 'text') {
	return value ? element('span', { class: kind }, value) : null;
}

// matchesWords tells whether each word is somewhere in a text.
function matchesWords(words, text) {
	return words.every((word) => text.includes(word));
}

const wordsOf = (input) => input.value.toLowerCase().split(/\s+/).filter((word) => word !== '');

// globMatcher returns a function for names like a pattern, in which * is any text and ?
// any character.
function globMatcher(pattern) {
	const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
	const like = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
	return (name) => like.test(name);
}
