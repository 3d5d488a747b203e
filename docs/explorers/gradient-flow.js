"use strict";
explorers.drawings["gradient-flow"] = (setting) => {
  const { colours, said } = explorers;
  const [blue, orange, green] = colours;
  const { images, inputs, classes } = setting.always;
  const { outs, douts, dW, zeros, loss } = setting.part("sizes");
  const [depth, width] = [setting.value("depth"), setting.value("width")];
  const arrays = depth + 2;
  const LOW = 1e-8, HIGH = 1e4; // of the plot

  // What has been computed: see stage_of in utils/explorers/gradient_flow/compute.py.
  const step = Math.min(setting.value("step"), 2 * arrays);
  const [forward, backward] = [Math.min(step + 1, arrays), Math.min(arrays, 2 * arrays - step)];
  const lost = step >= arrays;

  const name = (array) => (array === 0 ? "X" : array === arrays - 1 ? "scores" : `out${array}`);
  const shape = (array) => `(${(array === 0 ? images : [images[0], array === arrays - 1 ? classes : width]).join(", ")})`;
  const weights = (layer) => `(${layer === 1 ? inputs : width}, ${layer === arrays - 1 ? classes : width})`;
  const norm = setting.at.norm ? `, ${setting.shown("norm")}` : "";
  const what = (layer) => (layer === arrays - 1 ? "affine" : `affine${norm}, ReLU`);
  const thick = (size) => (size === 0 ? 0.4 : size === null ? 12 : Math.max(0.6, Math.min(12, 8 + Math.log10(size))));

  // The net from top to bottom: arrays at 0, 2, 4, …, and the layers between them.
  const rows = Array.from({ length: arrays }, (_, array) => ({ array, y: 2 * array }));
  const layers = rows.slice(1).map(({ array, y }) => ({ layer: array, y: y - 1, done: array > backward }));
  const now = lost ? (backward < arrays ? { back: backward } : {}) : { there: forward - 1 };
  const busy = (layer) => layer === (lost ? backward + 1 : forward - 1);
  const [there, back] = [rows.filter(({ array }) => array < forward), rows.filter(({ array }) => array >= backward)];
  const arrow = (some, x, sizes, colour, down) => some.flatMap(({ array, y }) => {
    const [begin, end, size] = [y - (down ? 0.45 : -0.45), y + (down ? 0.2 : -0.2), thick(sizes[array])];
    return [
      Plot.link([0], { x1: x, x2: x, y1: begin, y2: end, stroke: colour, strokeWidth: size }),
      Plot.dot([0], { x, y: end, r: 4 + size / 3, symbol: "triangle", rotate: down ? 180 : 0, fill: colour }),
    ];
  });
  const label = (some, x, side, text, more = {}) => Plot.text(some, { x, y: "y", textAnchor: side, text, fontSize: 11, lineHeight: 1.15, ...more });
  const bold = (some, key) => [true, false].map((is) => [some.filter(({ array }) => (array === now[key]) === is), { fontWeight: is ? "bold" : "normal" }]);
  const net = {
    title: lost && backward === 0 ? "There and back" : lost ? "On the way back" : "On the way there",
    most: 520,
    legend: [["an output, forward", { stroke: blue }], ["a gradient, backward", { stroke: orange }]],
    plot: {
      height: 60 + 30 * (2 * arrays - 1), marginLeft: 4, marginRight: 4, marginTop: 10, marginBottom: 30,
      x: { axis: null, domain: [0, 100] },
      y: { axis: null, domain: [-0.6, 2 * arrays - 1.4], reverse: true },
      marks: [
        Plot.rect(layers, { x1: 20, x2: 80, y1: ({ y }) => y - 0.5, y2: ({ y }) => y + 0.5, rx: 4, fill: "currentColor",
          fillOpacity: ({ layer }) => (busy(layer) ? 0.16 : 0.06), stroke: "currentColor", strokeWidth: ({ layer }) => (busy(layer) ? 2 : 0.7) }),
        label(layers, 50, "middle", ({ layer, done }) =>
          `${layer}: ${what(layer)}\nW${layer} ${weights(layer)}${done ? `, dW${layer} ${said(dW[layer - 1])}` : ""}`),
        label(rows.filter(({ array }) => array >= forward), 32, "end", ({ array }) => `${name(array)}\n${shape(array)}`, { fillOpacity: 0.5 }),
        ...bold(there, "there").map(([some, look]) => label(some, 32, "end", ({ array }) => `${name(array)} ${shape(array)}\n${said(outs[array])}`, look)),
        ...bold(back, "back").map(([some, look]) => label(some, 68, "start", ({ array }) => `d${name(array)} ${shape(array)}\n${said(douts[array])}`, look)),
        ...arrow(there, 40, outs, blue, true),
        ...arrow(back, 60, douts, orange, false),
        ...(lost ? [Plot.text([`loss ${said(loss, 3)}`], { frameAnchor: "bottom", dy: 20, fontSize: 12, fontWeight: "bold", text: (one) => one })] : []),
      ],
    },
  };

  const held = (size) => Math.min(HIGH, Math.max(LOW, size ?? HIGH));
  const series = (some, sizes, colour, symbol, dash) => {
    const place = { x: ({ at }) => at, y: ({ at }) => held(sizes(at)) };
    return [
      Plot.line(some, { ...place, stroke: colour, strokeWidth: 2, strokeDasharray: dash }),
      Plot.dot(some, { ...place, fill: colour, r: 4, symbol }),
    ];
  };
  const at = (some) => some.map(({ array }) => ({ at: array }));
  const sizes = {
    title: "Size of the numbers in each array",
    legend: [["outputs", { stroke: blue }], ["their gradients", { stroke: orange, strokeDasharray: "6 3" }],
      ["gradients of the weights", { stroke: green, strokeDasharray: "2 3" }]],
    plot: {
      height: 320,
      x: { domain: [-0.3, arrays - 0.7], ticks: rows.map(({ array }) => array), tickFormat: (array) => (array === 0 ? "X" : array === arrays - 1 ? "scores" : String(array)), label: null },
      y: { type: "log", domain: [LOW, HIGH], grid: true, label: "root of the mean square", ticks: [1e-8, 1e-6, 1e-4, 1e-2, 1, 1e2, 1e4], tickFormat: explorers.power },
      marks: [
        ...series(at(there), (array) => outs[array], blue, "circle", ""),
        ...series(at(back), (array) => douts[array], orange, "square", "6 3"),
        ...series(layers.filter(({ done }) => done).map(({ layer }) => ({ at: layer - 0.5 })), (place) => dW[place - 0.5], green, "triangle", "2 3"),
      ],
    },
  };

  const happens = () => {
    if (!lost && forward === 1) return `Forward: a minibatch of ${images[0]} images, ${shape(0)}, whose numbers have size ${said(outs[0])}.`;
    if (!lost && forward === arrays) return `The last layer makes scores of ${classes} classes, ${shape(arrays - 1)}, of size ${said(outs.at(-1))}.`;
    if (!lost) return `Layer ${forward - 1} puts out ${shape(forward - 1)}, of size ${said(outs[forward - 1])}; ${zeros[forward - 2]} % are exactly 0.`;
    if (backward === arrays) return `The scores and the labels give the loss, one number: ${said(loss, 3)}.`;
    if (backward === arrays - 1) return `Backward: the gradient of the loss by the scores, ${shape(backward)}, of size ${said(douts[backward])}.`;
    const of = backward ? `the output of layer ${backward}` : "the images";
    return `Backward through layer ${backward + 1}: a gradient of W${backward + 1}, ${weights(backward + 1)}, and that of ${of}, ` +
      `${shape(backward)}, of size ${said(douts[backward])}.`;
  };
  const whole = backward === 0
    ? ` At weight scale ${setting.shown("scale")}, the outputs have size ${said(outs[1])} in the first hidden layer and ${said(outs.at(-2))} in ` +
      `the last; the gradients that come back to them, ${said(douts[1])} and ${said(douts.at(-2))}. The loss is ${said(loss, 3)}.`
    : "";
  return { said: happens() + whole, figures: [net, sizes] };
};
