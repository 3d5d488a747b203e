"use strict";
explorers.drawings["gradient-check"] = (setting) => {
  const { colours, said, power } = explorers;
  const { steps, x: places } = setting.always;
  const { slope, error, truncation, rounding } = setting.part("valley");
  const [oneSided, central, below, middle] = setting.part("secants");
  const curve = setting.part("curve");
  const h = setting.value("h");
  const x = setting.value("x");
  const name = setting.shown("function");
  const LOWEST = 1e-14;
  const looks = {
    "one-sided, float64": { stroke: colours[0] },
    "central, float64": { stroke: colours[1] },
    "one-sided, float32": { stroke: colours[0], strokeDasharray: "2 3" },
    "central, float32": { stroke: colours[1], strokeDasharray: "2 3" },
  };
  const errors = (kind) => error[kind].map((value) => (value === null ? NaN : 10 ** (value / 100)));

  const reach = Math.max(2.5 * h, 0.25);
  const near = places.flatMap((place, index) => (Math.abs(place - x) <= reach + 0.051 ? [{ x: place, y: curve[index] / 1000 }] : []));
  const values = near.map((point) => point.y);
  const spread = Math.max(0.001, Math.max(...values) - Math.min(...values));
  const secant = (start, height, slope_, look) => slope_ === null ? [] : [Plot.line(
    [x - reach, x + reach].map((place) => [place, height + slope_ * (place - start)]), { ...look, strokeWidth: 1.8, clip: true })];
  const function_ = {
    title: `${name} near x = ${setting.shown("x")}`,
    legend: [[name, { stroke: "currentColor" }], ["one-sided", { stroke: colours[0] }], ["central", { stroke: colours[1], strokeDasharray: "6 3" }]],
    plot: {
      height: 300,
      x: { domain: [x - reach, x + reach], label: "x", ticks: 5 },
      y: { domain: [Math.min(...values) - 0.25 * spread, Math.max(...values) + 0.25 * spread], label: null, ticks: 5, grid: true },
      marks: [
        Plot.line(near, { x: "x", y: "y", stroke: "currentColor", strokeOpacity: 0.45, strokeWidth: 4, clip: true }),
        ...secant(x, middle, oneSided, { stroke: colours[0] }),
        ...secant(x - h, below, central, { stroke: colours[1], strokeDasharray: "6 3" }),
        Plot.dot([[x, middle]], { fill: "currentColor", r: 4 }),
      ],
    },
  };

  const bound = (value, dash) => value > 0 ? [Plot.line(steps.map((step) => [step, dash.of(value, step)]).filter(([, y]) => y >= LOWEST && y <= 10),
    { stroke: "currentColor", strokeOpacity: 0.6, strokeWidth: 1, strokeDasharray: dash.look })] : [];
  const valley = {
    title: "Distance of the numeric from the exact derivative",
    legend: [...Object.entries(looks), ["truncation", { stroke: "currentColor", strokeDasharray: "6 3" }], ["rounding", { stroke: "currentColor", strokeDasharray: "7 2 2 2" }]],
    plot: {
      height: 300,
      x: { type: "log", domain: [1e-12, 1], label: "step h", ticks: 6, tickFormat: power },
      y: { type: "log", domain: [LOWEST / 2, 10], label: null, ticks: 7, tickFormat: power, grid: true, clamp: true },
      marks: [
        Plot.ruleX([h], { stroke: "currentColor", strokeOpacity: 0.5, strokeWidth: 2 }),
        ...truncation.flatMap((value, index) => bound(value, { of: (at, step) => at * step ** (index + 1), look: "6 3" })),
        ...rounding.flatMap((value) => bound(value, { of: (at, step) => at / step, look: "7 2 2 2" })),
        ...Object.entries(looks).map(([kind, look]) => Plot.line(errors(kind), { x: (_, index) => steps[index], y: (value) => value, ...look, strokeWidth: 1.8 })),
      ],
    },
    pick: (place) => ({ h: 10 ** (Math.round(2 * Math.log10(place)) / 2) }),
  };

  const here = steps.reduce((best, step, index) => Math.abs(Math.log(step / h)) < Math.abs(Math.log(steps[best] / h)) ? index : best, 0);
  const told = Object.keys(looks).map((kind) => {
    const there = errors(kind)[here];
    return `${kind.replace(", ", " in ")} ${Number.isNaN(there) ? "none, as x + h rounds to x" : there <= LOWEST ? "0" : said(there, 1)}`;
  });
  const number = (value) => (value === null ? "none" : said(value, 6));
  return {
    said: `The derivative of ${name} at x = ${setting.shown("x")} is ${number(slope)}. With h = ${setting.shown("h")}, the one-sided difference gives ` +
      `${number(oneSided)} and the central one ${number(central)} in float64. Errors: ${told.join("; ")}.`,
    figures: [function_, valley],
  };
};
