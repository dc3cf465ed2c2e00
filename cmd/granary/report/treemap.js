
// The treemap: an area for each package set.

// squarify divides a rectangle among items, which are sorted by their size, the largest
// first: it lays rows along the shorter side as long as that makes them squarer.
function squarify(items, box) {
	let left = items.reduce((sum, item) => sum + item.size, 0);
	const placed = [];
	for (let begin = 0; begin < items.length;) {
		const scale = box.width * box.height / left;
		const end = rowEnd(items, begin, scale, Math.min(box.width, box.height));
		const row = items.slice(begin, end);
		box = placeRow(row, box, scale, placed);
		left -= row.reduce((sum, item) => sum + item.size, 0);
		begin = end;
	}
	return placed;
}

// rowEnd returns where the row ends that begins with items[begin].
function rowEnd(items, begin, scale, side) {
	let area = 0;
	let worst = Infinity;
	for (let end = begin; end < items.length; end++) {
		area += items[end].size * scale;
		const next = worstRatio(items[begin].size * scale, items[end].size * scale, area, side);
		if (next > worst) return end;
		worst = next;
	}
	return items.length;
}

// worstRatio is that of the longer to the shorter side, in a row along a side.
function worstRatio(largest, smallest, area, side) {
	const square = (area / side) ** 2;
	return Math.max(largest / square, square / smallest);
}

// placeRow places a row at the left or at the top of a box, and returns the rest of it.
function placeRow(row, box, scale, placed) {
	const area = row.reduce((sum, item) => sum + item.size, 0) * scale;
	const upright = box.width >= box.height;
	const depth = area / (upright ? box.height : box.width);
	let along = upright ? box.y : box.x;
	for (const item of row) {
		const length = item.size * scale / depth;
		placed.push(upright
			? { item, x: box.x, y: along, width: depth, height: length }
			: { item, x: along, y: box.y, width: length, height: depth });
		along += length;
	}
	return upright
		? { x: box.x + depth, y: box.y, width: box.width - depth, height: box.height }
		: { x: box.x, y: box.y + depth, width: box.width, height: box.height - depth };
}

// setTallies counts the attributes of each package set, in the chosen snapshot.
function setTallies() {
	const tallies = data.sets.map((name, set) => ({ name, set, size: 0, yes: 0, no: 0, failed: 0 }));
	for (let i = 0; i < attributeCount; i++) {
		if (chosen.snapshot !== null && attributes.snapshot[i] !== chosen.snapshot) continue;
		const tally = tallies[attributes.set[i]];
		tally.size++;
		tally[verdict(i)]++;
	}
	return tallies.filter((tally) => tally.size > 0).sort((a, b) => b.size - a.size);
}

// shareClass names the colour of a share: see #scale.
function shareClass({ yes, no }) {
	if (yes + no === 0) return 'share-none';
	if (no === 0) return 'share-5';
	return `share-${yes === 0 ? 0 : 1 + Math.floor(4 * yes / (yes + no))}`;
}

function tallyText({ name, size, yes, no, failed }) {
	const rest = failed > 0 ? `, ${thousands(failed)} did not evaluate` : '';
	return `${name}: ${thousands(yes)} of ${count(yes + no, 'attribute')} buildable, ` +
		percent(yes, yes + no) + rest;
}

const treemap = document.getElementById('treemap');

function drawTreemap(choose) {
	const tallies = setTallies();
	const box = { x: 0, y: 0, width: treemap.clientWidth || 800, height: treemap.clientHeight || 400 };
	const focused = treemap.contains(document.activeElement);
	treemap.replaceChildren(...squarify(tallies, box).map((place) => areaButton(place, box, choose)));
	const current = treemap.querySelector('[aria-pressed="true"]') || treemap.firstElementChild;
	if (!current) return;
	current.tabIndex = 0;
	if (focused) current.focus({ preventScroll: true });
}

function areaButton({ item, x, y, width, height }, box, choose) {
	const button = element('button', {
		type: 'button', tabindex: -1, class: shareClass(item), title: tallyText(item),
		'aria-label': tallyText(item), 'aria-pressed': item.set === chosen.set,
		'data-set': item.name, 'data-size': item.size,
	});
	button.style.left = `${100 * x / box.width}%`;
	button.style.top = `${100 * y / box.height}%`;
	button.style.width = `${100 * width / box.width}%`;
	button.style.height = `${100 * height / box.height}%`;
	const label = areaLabel(item, width, height);
	if (label) button.append(label);
	button.addEventListener('click', () => choose(item.set === chosen.set ? null : item.set));
	return button;
}

// areaLabel returns the text that fits into an area, or null. A name that does not fit
// is cut short.
function areaLabel(item, width, height) {
	const line = 15; // pixels, as those below
	const legible = 56;
	const room = Math.floor((height - 6) / line);
	let lines = nameLines(item.name, width - 12);
	if ((!lines || lines.length > room) && width >= legible) lines = [item.name];
	if (!lines || lines.length > room) return null;
	const label = element('span', { 'aria-hidden': 'true' });
	for (const part of lines) label.append(element('b', {}, part));
	if (lines.length < room) label.append(percent(item.yes, item.yes + item.no));
	return label;
}

const measure = document.createElement('canvas').getContext('2d');

// nameLines breaks a name before capitals, digits and dashes, or returns null if a part
// is wider than there is room.
function nameLines(name, room) {
	measure.font = `600 12px ${getComputedStyle(treemap).fontFamily}`;
	const fits = (text) => measure.measureText(text).width <= room;
	const lines = [''];
	for (const part of name.split(/(?<=[a-z])(?=[A-Z0-9])|(?<=[-_.])/)) {
		if (!fits(part)) return null;
		if (fits(lines.at(-1) + part)) lines[lines.length - 1] += part;
		else lines.push(part);
	}
	return lines;
}

// One of the areas is reached with Tab, the others from there with the arrow keys.
treemap.addEventListener('keydown', (event) => {
	const all = [...treemap.children];
	const at = all.indexOf(document.activeElement);
	const to = {
		ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1,
		Home: 0, End: all.length - 1,
	}[event.key];
	if (at < 0 || to === undefined || !all[to]) return;
	event.preventDefault();
	all[at].tabIndex = -1;
	all[to].tabIndex = 0;
	all[to].focus();
});
