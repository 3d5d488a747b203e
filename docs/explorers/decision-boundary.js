"use strict";
explorers.drawings["decision-boundary"] = (setting) => {
  const { colours, said } = explorers;
  const { points, edge } = setting.always;
  const { share, units, accuracy, loss } = setting.part("plane");
  const [blue, orange] = colours;
  const side = Math.sqrt(share.length);
  const sure = [...share].map((level) => parseInt(level, 36) / 35);
  const coordinates = points[setting.shown("set")];
  const dots = coordinates.flatMap((x, index) =>
    (index % 2 ? [] : [{ x: x / 100, y: coordinates[index + 1] / 100, kind: (index / 2) % 2 }]));

  // Where a unit's w · x + b is 0, and strokes towards the side on which it is more.
  const line = ([w, v, b]) => {
    const size = Math.hypot(w, v);
    if (size === 0) return [];
    const [x, y] = [(-b * w) / size ** 2, (-b * v) / size ** 2];
    const along = (t) => [x - (v / size) * t, y + (w / size) * t];
    const strokes = d3.range(-3, 3.01, 0.25).map(along).map(([from, to]) => [[from, to], [from + (0.07 * w) / size, to + (0.07 * v) / size]]);
    return [[along(-4), along(4)], ...strokes];
  };
  const shift = edge / (side - 1); // half the distance between two places
  const places = { width: side, height: side, x1: -edge - shift, x2: edge + shift, y1: edge + shift, y2: -edge - shift, clip: "frame" };
  const plane = {
    title: `After ${setting.shown("step")} minibatches`,
    wide: true,
    most: 520,
    legend: [["class 0", { fill: blue }], ["class 1", { fill: orange }], ["a unit of the first layer", { stroke: "currentColor" }],
      ["where the net is undecided", { stroke: "currentColor", strokeDasharray: "5 3" }]],
    plot: {
      aspectRatio: 1, clip: true,
      x: { domain: [-edge, edge], ticks: 5, label: "x₁" },
      y: { domain: [-edge, edge], ticks: 5, label: "x₂" },
      marks: [
        ...[0.5, 0.6, 0.7, 0.8, 0.9].flatMap((least) => [
          Plot.contour(sure, { ...places, thresholds: [least], fill: orange, fillOpacity: 0.1, stroke: "none" }),
          Plot.contour(sure.map((one) => 1 - one), { ...places, thresholds: [least], fill: blue, fillOpacity: 0.1, stroke: "none" }),
        ]),
        Plot.contour(sure, { ...places, thresholds: [0.5], stroke: "currentColor", strokeWidth: 2, strokeDasharray: "5 3" }),
        ...units.flatMap(line).map((ends) => Plot.line(ends, { stroke: "currentColor", strokeWidth: 1, strokeOpacity: 0.75, clip: "frame" })),
        Plot.dot(dots, { x: "x", y: "y", r: 4, fill: (dot) => [blue, orange][dot.kind], symbol: (dot) => ["circle", "square"][dot.kind], stroke: "currentColor", strokeWidth: 0.7 }),
      ],
    },
  };
  return {
    said: `${setting.shown("depth")} hidden ${setting.shown("depth") === "1" ? "layer" : "layers, each"} of ${setting.shown("units")} ` +
      `${setting.shown("units") === "1" ? "unit" : "units"}, after ${setting.shown("step")} minibatches: the net labels ${said(accuracy, 3)} % of the ` +
      `${dots.length} points right; their loss is ${said(loss, 3)}.`,
    figures: [plane],
  };
};
