"use strict";
explorers.drawings["weight-scale"] = (setting) => {
  const { colours, look, said, power } = explorers;
  const layers = setting.part("passes");
  const training = setting.part("training");
  const scales = setting.values("scale");
  const here = setting.at.scale;
  const edges = setting.always.edges;
  const names = { none: "no normalisation", batchnorm: "batch norm" };
  const NORMS = Object.keys(names);
  const marks = { trains: "✓", vanishes: "↓", explodes: "↑" };

  const ridges = (which, title, colour) => {
    const points = [];
    const words = [];
    layers.forEach((layer, number) => {
      const [begin, heights, spread, zeros] = layer[which];
      const base = layers.length - number - 1;
      const at = (bin) => (edges[bin] + edges[bin + 1]) / 2;
      points.push({ layer: number, x: at(Math.max(0, begin - 1)), base, top: base });
      [...heights].forEach((height, index) =>
        points.push({ layer: number, x: at(begin + index), base, top: base + 0.9 * parseInt(height, 36) / 35 }));
      const end = Math.min(begin + heights.length, edges.length - 2);
      points.push({ layer: number, x: at(end), base, top: base });
      const right = at(begin + heights.length / 2 | 0) < -2;
      words.push({ x: right ? edges.at(-1) : edges[0], y: base + 0.35, right, text: `σ ${said(spread)}, ${zeros} % zero` });
    });
    return {
      title,
      plot: {
        height: 80 + 22 * layers.length,
        x: { domain: [edges[0], edges.at(-1)], label: "size |value|, in powers of ten", ticks: 5, grid: true },
        y: { domain: [0, layers.length], label: "hidden layer", ticks: layers.map((_, index) => index + 0.3),
             tickFormat: (y) => String(layers.length - Math.floor(y)), tickSize: 0 },
        marks: [
          Plot.areaY(points, { x: "x", y1: "base", y2: "top", z: "layer", fill: colour, fillOpacity: 0.8 }),
          ...[true, false].map((right) => Plot.text(words.filter((word) => word.right === right),
            { x: "x", y: "y", text: "text", textAnchor: right ? "end" : "start", fontSize: 11 })),
        ],
      },
    };
  };

  const sweep = (measure, title, domain, label) => {
    const points = NORMS.flatMap((norm, number) =>
      training[norm].map((row, index) => ({ norm, number, scale: scales[index], value: Math.min(row[measure] ?? 1e3, domain[1]), row })));
    return {
      title,
      legend: NORMS.map((norm, number) => [names[norm], look(number)]),
      plot: {
        x: { type: "log", label: "weight scale", tickFormat: power, ticks: scales.filter((_, index) => index % 19 === 0).length + 2, domain: [scales[0] / 1.2, scales.at(-1) * 1.2] },
        y: { domain, label, grid: true, ticks: 5 },
        marks: [
          Plot.ruleX([scales[here]], { stroke: "currentColor", strokeOpacity: 0.5, strokeWidth: 2 }),
          ...NORMS.flatMap((norm, number) => {
            const own = points.filter((point) => point.norm === norm);
            return [
              Plot.line(own, { x: "scale", y: "value", ...look(number), strokeWidth: 2 }),
              Plot.dot(own, { x: "scale", y: "value", fill: colours[number], r: (point) => point.scale === scales[here] ? 5 : 2.5 }),
            ];
          }),
          ...(measure === 2 ? [Plot.text(points, { x: "scale", y: (point) => 3.8 - 0.3 * point.number,
            text: (point) => marks[point.row[3]], fontSize: 11, fill: (point) => colours[point.number] })] : []),
        ],
      },
      pick: (x) => ({ scale: x }),
    };
  };

  const [first, last] = [layers[0], layers.at(-1)];
  const trained = NORMS.map((norm) => {
    const row = training[norm][here];
    return `${names[norm]} ${said(row[0], 3)} % (${row[3]})`;
  });
  const widths = NORMS.map((norm) => `${training[norm].filter((row) => row[3] === "trains").length} with ${names[norm]}`);
  return {
    said: `At weight scale ${setting.shown("scale")} and ${setting.shown("depth")} hidden layers, outputs have standard ` +
      `deviation ${said(first[0][2])} in the first layer and ${said(last[0][2])} in the last; the gradients that come back, ` +
      `${said(first[1][2])} and ${said(last[1][2])}. Best validation accuracy from this start: ${trained.join(", ")}. Of ` +
      `${scales.length} scales, at this depth, there train: ${widths.join(", ")}.`,
    figures: [
      ridges(0, "Outputs of each layer", colours[0]),
      ridges(1, "Upstream gradients of each layer", colours[1]),
      sweep(0, "Best validation accuracy after training", [0, 60], "accuracy, %"),
      sweep(2, "Last loss: ✓ trains, ↓ vanishes, ↑ explodes", [0, 4], "loss"),
    ],
  };
};
