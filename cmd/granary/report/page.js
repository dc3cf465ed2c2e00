
// What joins the parts of the page.

const page = (() => {
	const at = (id) => document.getElementById(id);

	// choose takes what the reader chose for the whole page, and shows all anew.
	function choose({ set = null, snapshot = chosen.snapshot } = {}) {
		chosen.set = set;
		chosen.snapshot = snapshot;
		at('snapshot').value = snapshot === null ? '' : snapshot;
		drawTreemap((set) => choose({ set }));
		showChoice();
		missing.refresh();
		attributeList.refresh();
	}

	// showChoice tells of the chosen set below the treemap, and above the lists.
	function showChoice() {
		for (const id of ['missing-choice', 'attributes-choice']) {
			at(id).hidden = !anyChosen();
			at(id).replaceChildren(choiceText(), linkButton('show all', () => choose({ snapshot: null })));
		}
		const tally = setTallies().find(({ set }) => set === chosen.set);
		const place = at('set-chosen');
		place.hidden = !tally;
		if (!tally) return;
		place.replaceChildren(
			element('b', { class: 'text' }, `${tallyText(tally)}.`),
			element('span', {}, 'Both lists below show this set only.'),
			element('a', { href: '#missing' }, 'Its missing sources'),
			element('a', { href: '#attributes' }, 'Its attributes'),
			linkButton('Show all sets', () => choose()),
		);
	}

	function choiceText() {
		const parts = [];
		if (chosen.set !== null) parts.push(`package set ${data.sets[chosen.set]}`);
		if (chosen.snapshot !== null) parts.push(`snapshot ${data.snapshots[chosen.snapshot]}`);
		return element('span', { class: 'text' }, `Only: ${parts.join(', ')}`);
	}

	function showAttribute(i) {
		attributeList.pages.showOnly(i);
		at('attributes-summary').textContent = attributeLabel(i);
		at('attributes').scrollIntoView();
	}

	// showNeeds lists the missing sources that an attribute needs.
	function showNeeds(i) {
		missing.clear({ user: attributes.path[i] });
		choose({ snapshot: data.snapshots.length > 1 ? attributes.snapshot[i] : null });
		at('missing').scrollIntoView();
	}

	// Names and numbers in the tables lead to what they stand for.
	function linkSets() {
		for (const cell of document.querySelectorAll('#sets [data-set]')) {
			const set = data.sets.indexOf(cell.dataset.set);
			cell.replaceChildren(linkButton(cell.textContent, () => choose({ set })));
		}
	}

	function linkMatrix() {
		for (const cell of document.querySelectorAll('#matrix [data-host]')) {
			const { host, why = '' } = cell.dataset;
			if (cell.textContent === '' || host === '' || cell.matches('td') && why === '') continue;
			cell.replaceChildren(linkButton(cell.textContent, () => {
				missing.filter(why, host);
				choose({ snapshot: null });
				at('missing').scrollIntoView();
			}));
		}
	}

	function offerSnapshots() {
		const select = at('snapshot');
		at('snapshot-choice').hidden = data.snapshots.length < 2;
		fillSelect(select, [['', 'all snapshots'], ...data.snapshots.map((name, i) => [i, name])]);
		select.addEventListener('change', () => {
			choose({ set: chosen.set, snapshot: select.value === '' ? null : Number(select.value) });
		});
	}

	// On paper nobody can turn a page.
	function preparePrint() {
		const { pages } = missing;
		const draw = (length) => {
			pages.length = length;
			pages.show(pages.items);
		};
		addEventListener('beforeprint', () => draw(200));
		addEventListener('afterprint', () => draw(50));
	}

	function start() {
		at('treemap-part').hidden = attributeCount === 0;
		missing.start();
		attributeList.start();
		offerSnapshots();
		linkSets();
		linkMatrix();
		preparePrint();
		choose();
		let width = treemap.clientWidth;
		new ResizeObserver(() => {
			if (treemap.clientWidth === width) return;
			width = treemap.clientWidth;
			drawTreemap((set) => choose({ set }));
		}).observe(treemap);
		document.documentElement.dataset.ready = 'yes';
	}

	return { start, choose, showAttribute, showNeeds };
})();

page.start();
