// SPDX-License-Identifier: GPL-2.0-only
//
// The decisions of `judge export` by what is to be had from npm: json-rules-engine for the rules,
// semver for the version lists. Reads that JSON on stdin; prints one line NAME=VALUE … each.
import { readFileSync } from 'node:fs';
import { Engine, Operator } from 'json-rules-engine';
import semver from 'semver';

const LEAST_SECONDS = Number(process.argv[2] ?? 2);
const input = JSON.parse(readFileSync(0, 'utf8'));

// "2.0.2-2.0.4,2.1.0-" as semver writes it; an open range ends at its major.
function toRange(list) {
	return new semver.Range(list.split(',').map((item) => {
		const [first, last] = item.split('-');
		if (last === undefined)
			return `=${first}`;
		return last ? `>=${first} <=${last}` : `>=${first} <${semver.major(first) + 1}.0.0`;
	}).join(' || '));
}

// All that can be parsed beforehand is, as our own descriptors are prepared.
function prepare(descriptor) {
	return {
		...descriptor,
		semver: semver.parse(descriptor.interface_version),
		range: toRange(descriptor.interface_version_compatible),
		modes: new Set(descriptor.attributes.pv_mode.split('+')),
	};
}

const sources = input.sources.map(prepare);
const dests = input.dests.map(prepare);

function offers(source, dest) {
	return dest.offered_types.some((offer) => offer.type === source.mdev_type && offer.available_instances > 0);
}

const operators = [
	new Operator('startsWith', (fact, value) => fact.startsWith(value)),
	new Operator('sameParent', (source, dest) => source.vendor === dest.vendor && source.device_id === dest.device_id),
	new Operator('typeFits', (source, dest) => source.mdev_type === dest.mdev_type || offers(source, dest)),
	new Operator('accepted', (source, dest) => dest.range.test(source.semver) ||
		source.interface_version === dest.interface_version),
	new Operator('sameAggregator', (source, dest) => source.attributes.aggregator === dest.attributes.aggregator),
	new Operator('modesFit', (source, dest) => [...source.modes].every((mode) => dest.modes.has(mode))),
];

const source = (path, operator, value) => ({ fact: 'source', path: `$.${path}`, operator, value });
const pair = (operator) => ({ fact: 'source', operator, value: { fact: 'dest' } });

function rule(vendor, prefix) {
	return {
		conditions: {
			all: [
				source('mdev_type', 'startsWith', prefix),
				source('vendor', 'equal', vendor),
				{ fact: 'dest', path: '$.device_api', operator: 'equal', value: 'vfio-pci' },
				pair('sameParent'), pair('typeFits'), pair('accepted'), pair('sameAggregator'),
				pair('modesFit'),
			],
		},
		event: { type: 'allow' },
	};
}

function makeEngine() {
	const engine = new Engine();
	for (const operator of operators)
		engine.addOperator(operator);
	for (let i = 0; i < input.rules; i++)
		engine.addRule(rule((0x1000 + i).toString(16), `drv${i}-`));
	engine.addRule(rule('8086', 'i915-GVTg_'));
	return engine;
}

const cpuSeconds = () => {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
};

// Whole rounds over all pairs until the time is up; decide(source, dest) may be a promise.
async function measure(name, decide, check) {
	const start = cpuSeconds();
	let pairs = 0;
	let agree = 0;
	let spent;
	do {
		let at = 0;
		for (const from of sources)
			for (const to of dests) {
				let answer = decide(from, to);
				if (answer instanceof Promise)
					answer = await answer;
				agree += answer === input.fits[at++];
				pairs++;
			}
		spent = cpuSeconds() - start;
	} while (spent < LEAST_SECONDS);
	console.log(`name=${name} pairs=${pairs} seconds=${spent.toFixed(3)} per_second=${Math.round(pairs / spent)}` +
		(check ? ` agree=${(100 * agree / pairs).toFixed(1)}%` : ''));
}

const engine = makeEngine();
await measure('semver', (from, to) => to.range.test(from.semver), false);
await measure('json-rules-engine',
	async (from, to) => (await engine.run({ source: from, dest: to })).events.length > 0, true);
