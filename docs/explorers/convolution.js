"use strict";
explorers.drawings.convolution = (setting) => {
  const { colours, said } = explorers;
  const { shape: [rows, columns], image, pool } = setting.always;
  const { shape: [high, wide], out, winners } = setting.part("output");
  const stride = setting.value("stride");
  const pad = setting.value("pad");
  const kernel = setting.control("kernel").values[setting.at.kernel].split(",").map(Number);
  const row = Math.min(setting.value("row"), high - 1);
  const column = Math.min(setting.value("column"), wide - 1);
  const [top, left] = [row * stride - pad, column * stride - pad];
  const SIDE = 3;
  const seen = (y, x) => y < 0 || x < 0 || y >= rows || x >= columns ? 0 : image[y * columns + x] / 100;

  const greatest = out.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const plain = out.every((value) => value >= 0);
  const scheme = plain ? { scheme: "greys", reverse: true, domain: [0, greatest] } : { scheme: "puor", reverse: true, domain: [-greatest, greatest] };
  // The frame of a window: light below dark, so that it is seen on everything.
  const frame = (x, y, size) => [["white", 5], [colours[1], 2.5]].map(([stroke, strokeWidth]) =>
    Plot.rect([0], { x1: x - 0.5, x2: x + size - 0.5, y1: y - 0.5, y2: y + size - 0.5, fill: "none", stroke, strokeWidth }));
  const picture = (values, width, height, color, marks, edge = 0) => ({
    aspectRatio: 1, marginLeft: 4, marginRight: 4, marginTop: 4, marginBottom: 4,
    x: { axis: null, domain: [-0.5 - edge, width - 0.5 + edge] },
    y: { axis: null, domain: [height - 0.5 + edge, -0.5 - edge] },
    color: { type: "linear", ...color },
    marks: [
      Plot.raster(values, { width, height, x1: -0.5, y1: -0.5, x2: width - 0.5, y2: height - 0.5, imageRendering: "pixelated" }),
      ...marks,
    ],
  });

  const photo = {
    title: `Photograph: ${rows} × ${columns}, pad ${pad}`,
    most: 340,
    plot: picture(image, columns, rows, { scheme: "greys", reverse: true, domain: [0, 100] }, [
      Plot.rect([0], { x1: -0.5 - pad, x2: columns - 0.5 + pad, y1: -0.5 - pad, y2: rows - 0.5 + pad, fill: "none", stroke: "currentColor", strokeDasharray: "2 3" }),
      ...frame(left, top, SIDE),
    ], pad),
    pick: (x, y) => ({ column: (x - 1 + pad) / stride, row: (y - 1 + pad) / stride }),
  };
  const answer = {
    title: `Output: ${high} × ${wide}, and who wins in max pooling (●)`,
    most: 340,
    plot: picture(out, wide, high, scheme, [
      Plot.dot(winners, { x: (index) => index % wide, y: (index) => Math.floor(index / wide), r: 2, fill: colours[2], stroke: "white", strokeWidth: 0.5 }),
      ...frame(column, row, 1),
    ]),
    pick: (x, y) => ({ column: x, row: y }),
  };

  const cells = kernel.map((weight, index) => {
    const [y, x] = [Math.floor(index / SIDE), index % SIDE];
    return { x, y, weight, value: seen(top + y, left + x) };
  });
  const pixel = out[row * wide + column] / 100;
  const window = {
    title: `The window: each pixel × its weight, in all ${said(pixel, 3)}`,
    most: 340,
    plot: {
      height: 230, marginLeft: 4, marginRight: 4, marginTop: 4, marginBottom: 4,
      x: { axis: null, type: "band", domain: [0, 1, 2] }, y: { axis: null, type: "band", domain: [0, 1, 2] },
      color: { type: "linear", scheme: "greys", reverse: true, domain: [0, 1] },
      marks: [
        Plot.cell(cells, { x: "x", y: "y", fill: "value", fillOpacity: 0.3, stroke: "currentColor", strokeOpacity: 0.3 }),
        Plot.text(cells, { x: "x", y: "y", text: (cell) => `${cell.value.toFixed(2)} × ${said(cell.weight, 4)}`, fontSize: 13 }),
      ],
    },
  };
  const across = Math.floor(wide / pool);
  const pooled = {
    title: `Max pooling, ${pool} × ${pool}: ${Math.floor(high / pool)} × ${across}`,
    most: 340,
    plot: picture(winners.length === across * Math.floor(high / pool) ? blockwise(winners, wide, pool, across).map((index) => out[index]) : [],
      across, Math.floor(high / pool), scheme, []),
  };

  return {
    said: `The output has ${high} by ${wide} pixels between ${said(least(out) / 100, 3)} and ${said(most(out) / 100, 3)}. Its pixel in row ${row}, ` +
      `column ${column} is ${said(pixel, 3)}; the window that made it begins at row ${top}, column ${left} of the photograph` +
      `${top < 0 || left < 0 || top + SIDE > rows || left + SIDE > columns ? ", and reaches over the rim" : ""}.`,
    figures: [photo, answer, window, pooled],
  };

  /** The winners in the order of their blocks. */
  function blockwise(indices, width, size, count) {
    const block = (index) => Math.floor(Math.floor(index / width) / size) * count + Math.floor((index % width) / size);
    return [...indices].sort((one, other) => block(one) - block(other));
  }
  function least(values) { return values.reduce((before, value) => Math.min(before, value)); }
  function most(values) { return values.reduce((before, value) => Math.max(before, value)); }
};
