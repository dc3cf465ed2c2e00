'use strict';

// Texts for people, as granary's other commands write them, and small parts of a page.

function thousands(n) {
	return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

function count(n, noun) {
	return `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;
}

// formatBytes writes -1, which stands for an unknown size, as a question mark.
function formatBytes(n) {
	if (n < 0) return '?';
	if (n < 1024) return `${n} B`;
	let unit = 0;
	for (n /= 1024; n >= 1024 && unit < 5; unit++) n /= 1024;
	return `${n.toFixed(1)} ${'KMGTPE'[unit]}iB`;
}

// percent is 100 only of all, and 0 only of nothing.
function percent(part, whole) {
	if (whole === 0) return '–';
	if (part === 0) return '0 %';
	if (part === whole) return '100 %';
	return `${Math.min(99, Math.max(1, Math.round(100 * part / whole)))} %`;
}

// element makes an element. Texts among its children are never taken for HTML.
function element(name, attributes = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
	made.append(...children);
	return made;
}

// linkButton makes what looks like a link, and does something on this page.
function linkButton(text, act, attributes = {}) {
	const button = element('button', { type: 'button', class: 'link', ...attributes }, text);
	button.addEventListener('click', act);
	return button;
}

// urlElement shows a URL, and leads there only if a browser can do no harm by it.
function urlElement(text) {
	if (!/^(https?|ftp):\/\//i.test(text)) return element('span', { class: 'text' }, text);
	return element('a', { class: 'text', href: text, rel: 'noreferrer noopener' }, text);
}

// fillSelect gives a select its options, each a value and a text.
function fillSelect(select, options) {
	select.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
}
