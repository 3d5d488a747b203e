"use strict";
explorers.drawings.dropout = (setting) => {
  const { colours, look, said } = explorers;
  const mask = setting.part("mask");
  const training = setting.part("training");
  const units = setting.always.x;
  const passes = setting.values("passes");
  const probabilities = setting.values("p");
  const NAMES = { train: "training", val: "validation" };

  const places = mask.kept.flatMap((row, y) => [...row].map((kept, x) => ({ x, y, kept: kept === "1" })));
  const share = 100 * places.filter((place) => place.kept).length / places.length;
  const layer = {
    title: `One pass over ones: ${said(share, 2)} % kept (■), each now ${said(mask.scale, 3)}`,
    plot: {
      x: { axis: null }, y: { axis: null, reverse: true }, marginLeft: 12, marginBottom: 12, marginTop: 16,
      marks: [
        Plot.dot(places.filter((place) => place.kept), { x: "x", y: "y", symbol: "square", r: 5, fill: colours[0] }),
        Plot.dot(places.filter((place) => !place.kept), { x: "x", y: "y", symbol: "times", r: 3, stroke: "currentColor", strokeOpacity: 0.6 }),
      ],
    },
  };

  const upTo = passes.slice(0, setting.at.passes + 1);
  const averages = upTo.map((_, index) => setting.part("averages", { passes: index }));
  const means = {
    title: "Average output of five units",
    plot: {
      x: { type: "log", domain: [1, 1000], label: "passes averaged", ticks: 3, tickFormat: (value) => [1, 10, 100, 1000].includes(value) ? String(value) : "" },
      y: { domain: [0, 6], label: "average output", grid: true, ticks: 6 },
      marks: [
        Plot.ruleY(units, { stroke: "currentColor", strokeOpacity: 0.4 }),
        ...units.flatMap((_, unit) => [
          Plot.line(upTo, { x: (value) => value, y: (_, index) => averages[index][unit], ...look(unit), strokeWidth: 2 }),
          Plot.dot([averages.at(-1)[unit]], { x: upTo.at(-1), y: (value) => Math.min(value, 6), fill: colours[unit], r: 4 }),
        ]),
      ],
    },
    legend: [["without dropout", { stroke: "currentColor" }]],
    pick: (x) => ({ passes: x }),
  };

  const ends = probabilities.map((p, index) => ({ p, train: training[index].train.at(-1), val: Math.max(...training[index].val) }));
  const legend = Object.values(NAMES).map((name, number) => [name, look(number)]);
  const gap = {
    title: "After training: last training and best validation accuracy",
    legend,
    plot: {
      x: { label: "drop probability p", domain: [-0.03, 0.95], ticks: 5 },
      y: { domain: [0, 100], label: "accuracy, %", grid: true, ticks: 5 },
      marks: [
        Plot.areaY(ends, { x: "p", y1: "val", y2: "train", fill: colours[1], fillOpacity: 0.15 }),
        Plot.ruleX([setting.value("p")], { stroke: "currentColor", strokeOpacity: 0.5, strokeWidth: 2 }),
        ...Object.keys(NAMES).flatMap((name, number) => [
          Plot.line(ends, { x: "p", y: name, ...look(number), strokeWidth: 2 }),
          Plot.dot(ends, { x: "p", y: name, fill: colours[number], r: (end) => end.p === setting.value("p") ? 5 : 3 }),
        ]),
      ],
    },
    pick: (x) => ({ p: x }),
  };
  const run = training[setting.at.p];
  const curves = {
    title: `The net with p = ${setting.shown("p")}, epoch by epoch`,
    legend,
    plot: {
      x: { label: "epoch", ticks: 5 },
      y: { domain: [0, 100], label: "accuracy, %", grid: true, ticks: 5 },
      marks: Object.keys(NAMES).map((name, number) => Plot.line(run[name], { x: (_, index) => index + 1, y: (value) => value, ...look(number), strokeWidth: 2 })),
    },
  };

  const off = averages.at(-1).reduce((sum, mean, unit) => sum + Math.abs(mean / units[unit] - 1), 0) / units.length;
  const end = ends[setting.at.p];
  return {
    said: `At p = ${setting.shown("p")}, ${said(share, 2)} % of the units are kept and a 1 becomes ${said(mask.scale, 3)}. After ` +
      `${setting.shown("passes")} ${setting.shown("passes") === "1" ? "pass" : "passes"} the averages are ${said(100 * off, 2)} % off. A net ` +
      `that learns from ${setting.shown("images")} images ends at ${said(end.train, 3)} % on them and reaches ${said(end.val, 3)} % on ` +
      `images that it has not seen: a gap of ${said(end.train - end.val, 3)} points.`,
    figures: [layer, means, gap, curves],
  };
};
