"use strict";
explorers.drawings["batch-norm"] = (setting) => {
  const { colours, look, said } = explorers;
  const batches = setting.part("batches");
  const running = setting.part("running");
  const training = setting.part("training");
  const names = { none: "no normalisation", batchnorm: "batch norm" };
  const NORMS = Object.keys(names);
  const hundredths = (values) => values.map((value) => value / 100);

  const statistic = (name, title, number) => {
    const batch = hundredths(batches[name]);
    const kept = hundredths(running[name]);
    return {
      title,
      legend: [["of a minibatch", { fill: colours[0] }], ["running", { stroke: colours[1] }], ["of all images", { stroke: colours[2], strokeDasharray: "6 3" }]],
      plot: {
        x: { label: "minibatch", ticks: 5 },
        y: { grid: true, ticks: 5, label: null },
        marks: [
          Plot.ruleY([batches.all[number] / 100], { stroke: colours[2], strokeDasharray: "6 3", strokeWidth: 1.5 }),
          Plot.dot(batch, { x: (_, index) => index + 1, y: (value) => value, fill: colours[0], r: 2 }),
          Plot.line(kept, { x: (_, index) => index + 1, y: (value) => value, stroke: colours[1], strokeWidth: 2 }),
        ],
      },
    };
  };

  const train = hundredths(running.train);
  const test = hundredths(running.test);
  const reach = 1.1 * Math.max(0.01, ...train.map(Math.abs), ...test.map(Math.abs));
  const modes = {
    title: "The last minibatch: training mode against test mode",
    legend: [["an example", { fill: colours[0] }], ["where both agree", { stroke: "currentColor" }]],
    plot: {
      x: { label: "output in training mode", domain: [-reach, reach], ticks: 5, grid: true },
      y: { label: "output in test mode", domain: [-reach, reach], ticks: 5, grid: true },
      marks: [
        Plot.line([[-reach, -reach], [reach, reach]], { stroke: "currentColor", strokeOpacity: 0.5 }),
        Plot.dot(train, { x: (value) => value, y: (_, index) => test[index], fill: colours[0], r: 3.5, fillOpacity: 0.8 }),
      ],
    },
  };

  const losses = {
    title: "Training loss of two nets",
    legend: NORMS.map((norm, number) => [names[norm], look(number)]),
    plot: {
      x: { label: "iteration", ticks: 5 },
      y: { domain: [0, 3], label: "loss", grid: true, ticks: 5 },
      marks: NORMS.map((norm, number) => Plot.line(training[norm].loss, { x: (_, index) => training[norm].at[index],
        y: (value) => Math.min(value ?? 3, 3), ...look(number), strokeWidth: 2 })),
    },
  };
  const accuracies = {
    title: "Their validation accuracy",
    legend: NORMS.map((norm, number) => [names[norm], look(number)]),
    plot: {
      x: { label: "epoch", ticks: 6 },
      y: { domain: [0, 60], label: "accuracy, %", grid: true, ticks: 5 },
      marks: NORMS.flatMap((norm, number) => [
        Plot.line(training[norm].val, { x: (_, index) => index + 1, y: (value) => value, ...look(number), strokeWidth: 2 }),
        Plot.dot(training[norm].val, { x: (_, index) => index + 1, y: (value) => value, fill: colours[number], r: 2.5 }),
      ]),
    },
  };
  const unit = {
    title: "What one unit hands to its ReLU: median and middle half",
    legend: NORMS.map((norm, number) => [names[norm], look(number)]),
    plot: {
      x: { label: "iteration", ticks: 5 },
      y: { label: "pre-activation", grid: true, ticks: 5 },
      marks: NORMS.flatMap((norm, number) => {
        const { unit_at: at, unit: [low, middle, high] } = training[norm];
        const x = (_, index) => at[index];
        return [
          Plot.areaY(middle, { x, y1: (_, index) => low[index], y2: (_, index) => high[index], fill: colours[number], fillOpacity: 0.25 }),
          Plot.line(middle, { x, y: (value) => value, ...look(number), strokeWidth: 2 }),
        ];
      }),
    },
  };

  const best = NORMS.map((norm) => `${names[norm]} ${said(Math.max(...training[norm].val), 3)} %`);
  return {
    said: `At batch size ${setting.shown("batch")} and momentum ${setting.shown("momentum")}, after ${batches.mean.length} ` +
      `minibatches the running mean is ${said(running.mean.at(-1) / 100, 3)} where that of all images is ` +
      `${said(batches.all[0] / 100, 3)}, and the running variance ${said(running.var.at(-1) / 100, 3)} where it is ` +
      `${said(batches.all[1] / 100, 3)}. The two modes differ by ${said(running.apart, 3)} on average. Best validation ` +
      `accuracy at this batch size: ${best.join(", ")}.`,
    figures: [statistic("mean", "Mean of one unit", 0), statistic("var", "Variance of the unit", 1), modes, losses, accuracies, unit],
  };
};
