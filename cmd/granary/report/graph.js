
// The graph of the derivations from which missing sources are reached.

// linked returns lists of numbers in one: those of list i stand from begin[i] to
// begin[i + 1].
function linked(length, each) {
	const begin = new Int32Array(length + 1);
	each((list) => begin[list + 1]++);
	for (let i = 0; i < length; i++) begin[i + 1] += begin[i];
	const items = new Int32Array(begin[length]);
	const at = begin.slice();
	each((list, item) => { items[at[list]++] = item; });
	return { begin, items };
}

const graph = (() => {
	const { count, input, name, source } = data.graph;
	const edges = (visit) => {
		for (let node = 0, at = 0; node < count.length; node++) {
			for (const end = at + count[node]; at < end; at++) visit(node, input[at]);
		}
	};
	return {
		name, source, length: count.length,
		inputs: linked(count.length, edges),
		users: linked(count.length, (visit) => edges((node, input) => visit(input, node))),
		givers: linked(sourceCount, (visit) => source.forEach((s, node) => s >= 0 && visit(s, node))),
		attributes: linked(count.length, (visit) => {
			attributes.node.forEach((node, i) => node >= 0 && visit(node, i));
		}),
	};
})();

// walk goes breadth first from some nodes along links, and returns the nodes in that
// order, and for each where it was come from; its own number where the walk began.
function walk(begin, links) {
	const from = new Int32Array(graph.length).fill(-1);
	const order = [];
	const visit = (node, before) => {
		if (from[node] >= 0) return;
		from[node] = before;
		order.push(node);
	};
	for (const node of begin) visit(node, node);
	for (let i = 0; i < order.length; i++) {
		const node = order[i];
		for (let at = links.begin[node]; at < links.begin[node + 1]; at++) visit(links.items[at], node);
	}
	return { order, from };
}

// sourcesOf returns the missing sources that some attributes need, as a list of 0 and 1.
function sourcesOf(list) {
	const needed = new Uint8Array(sourceCount);
	const begin = list.map((i) => attributes.node[i]).filter((node) => node >= 0);
	for (const node of walk(begin, graph.inputs).order) {
		if (graph.source[node] >= 0) needed[graph.source[node]] = 1;
	}
	return needed;
}

// usersOf returns the attributes that need a source, those with the shortest ways first,
// and a function for such a way, a list of names.
function usersOf(source) {
	const { begin, items } = graph.givers;
	const { order, from } = walk(items.slice(begin[source], begin[source + 1]), graph.users);
	const users = [];
	for (const node of order) {
		const { begin, items } = graph.attributes;
		users.push(...items.slice(begin[node], begin[node + 1]));
	}
	return { users, way: (attribute) => wayFrom(attribute, source, from) };
}

function wayFrom(attribute, source, from) {
	const names = [attributes.path[attribute]];
	let node = attributes.node[attribute];
	for (; from[node] !== node; node = from[node]) {
		if (node !== attributes.node[attribute]) names.push(graph.name[node]);
	}
	if (node !== attributes.node[attribute]) names.push(sourceName(source));
	return names;
}
