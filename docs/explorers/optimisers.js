"use strict";
explorers.drawings.optimisers = (setting) => {
  const { colours, look, said, power } = explorers;
  const walks = { ...setting.part("sgd"), ...setting.part("momentum"), ...setting.part("adaptive") };
  const training = setting.part("training");
  const rules = Object.keys(walks);
  const loss = setting.shown("loss");
  const land = setting.always.lands[loss];
  const legend = rules.map((rule, number) => [rule, look(number)]);
  const height = (rule) => walks[rule][2].map((value) => 10 ** (value / 100));

  const clip = ([low, high], value) => Math.max(low - (high - low), Math.min(high + (high - low), value / 100));
  const ground = {
    title: `The ${loss}: from ◆ to ★, ${walks.adam[0].length - 1} steps`,
    wide: true,
    legend,
    plot: {
      height: 330, clip: true,
      x: { domain: land.across, label: "w₁", ticks: 6 },
      y: { domain: land.along, label: "w₂", ticks: 6 },
      marks: [
        Plot.contour(land.heights, { width: land.columns, height: land.heights.length / land.columns, x1: land.across[0], y1: land.along[0],
          x2: land.across[1], y2: land.along[1], thresholds: land.lines, stroke: "currentColor", strokeOpacity: 0.3 }),
        ...rules.flatMap((rule, number) => {
          const [across, along] = walks[rule];
          const options = { x: (value) => clip(land.across, value), y: (_, index) => clip(land.along, along[index]), clip: true };
          return [
            Plot.line(across, { ...options, ...look(number), strokeWidth: 1.8 }),
            Plot.dot(across, { ...options, fill: colours[number], r: 2 }),
          ];
        }),
        Plot.text([land.start], { text: () => "◆", fontSize: 14 }),
        Plot.text(land.goals, { text: () => "★", fontSize: 16 }),
      ],
    },
  };
  const fall = {
    title: "Height above the lowest place",
    legend,
    plot: {
      x: { label: "step", ticks: 6 },
      y: { type: "log", domain: [1e-8, 100], ticks: 5, tickFormat: power, label: null, grid: true, clamp: true },
      marks: rules.map((rule, number) => Plot.line(height(rule), { x: (_, index) => index, y: (value) => value, ...look(number), strokeWidth: 1.8 })),
    },
  };
  const losses = {
    title: "Race in a net of six layers: training loss",
    legend,
    plot: {
      x: { label: "iteration", ticks: 5 },
      y: { domain: [0.8, 3], label: "loss", grid: true, ticks: 5 },
      marks: rules.map((rule, number) => Plot.line(training[rule].loss, { x: (_, index) => training[rule].at[index],
        y: (value) => Math.min(value ?? 3, 3), ...look(number), strokeWidth: 1.8 })),
    },
  };

  const ends = rules.map((rule) => {
    const there = height(rule).at(-1);
    return `${rule} ${walks[rule][0].length < walks.adam[0].length || there > 1e3 ? "left the page" : there <= 1e-8 ? "below 1e-8" : said(there)}`;
  });
  const race = rules.map((rule) => `${rule} ${said(Math.max(...training[rule].val), 3)} %`);
  return {
    said: `On the ${loss}, at learning rate ${setting.shown("rate")} and momentum ${setting.shown("momentum")}, the height after the last ` +
      `step: ${ends.join(", ")}. In the net of six layers, at each rule's usual learning rate and this momentum, the best validation ` +
      `accuracy: ${race.join(", ")}.`,
    figures: [ground, fall, losses],
  };
};
