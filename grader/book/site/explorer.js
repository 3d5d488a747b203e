"use strict";
// An explorer of the book: sliders whose every setting was computed in advance, and pictures of those numbers.
//
// A page has <div class="explorer" data-explorer="NAME">, a file that puts the numbers into explorers.numbers[NAME], and
// one that puts a function into explorers.drawings[NAME]. The function gets a Setting and returns
//   {figures, said}: what to draw, and in words what the pictures show.
// A figure is {title, plot, legend, pick, wide, most}: options of Observable Plot; lines of a legend, [name, look]; where
// a click leads, from the place in the picture to {field: value}; whether it takes the whole width; pixels at most.
const explorers = { numbers: {}, drawings: {} };

/** Blue, orange, green, pink, amber, sky: Okabe and Ito's palette, told apart by people with any kind of colour vision. */
explorers.colours = ["#3a8fd0", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
explorers.dashes = ["", "6 3", "7 2 2 2", "2 3", "10 3", "4 2 1 2 1 2"];
explorers.look = (number) => ({ stroke: explorers.colours[number], strokeDasharray: explorers.dashes[number] });

/** A number for a sentence: 0.02, −350, 4.1e-7; "too large" for one that is not finite, which JSON has as null. */
explorers.said = (value, digits = 2) => {
  if (value === null || !Number.isFinite(value)) return "too large";
  if (value === 0) return "0";
  const plain = Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5;
  const text = plain ? String(Number(value.toPrecision(digits))) : Number(value).toExponential(digits - 1);
  return text.replace(/^-/, "−");
};

/** The powers of ten on a logarithmic axis. */
explorers.power = (value) => "10" + [...String(Math.round(Math.log10(value)))]
  .map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("");

/** Where the controls stand, and the numbers there. */
class Setting {
  constructor(numbers) {
    this.numbers = numbers;
    this.always = numbers.always;
    this.at = Object.fromEntries(numbers.controls.map((control) => [control.field, control.first]));
  }

  control(field) {
    return this.numbers.controls.find((control) => control.field === field);
  }

  /** What the reader sees of a control's value. */
  shown(field) {
    return this.control(field).shown[this.at[field]];
  }

  /** A control's value as a number. */
  value(field) {
    return Number(this.control(field).values[this.at[field]]);
  }

  values(field) {
    return this.control(field).values.map(Number);
  }

  /** The numbers of a part; `other` says where else a control may stand, as an index. */
  part(name, other = {}) {
    const part = this.numbers.parts[name];
    const index = part.controls.reduce(
      (before, field) => before * this.control(field).values.length + (other[field] ?? this.at[field]), 0);
    return part.numbers[index];
  }

  /** The state as a text that the explorer on one's own code understands. */
  get text() {
    const set = this.numbers.controls.map((control) => [control.field, control.values[this.at[control.field]]]);
    const all = { ...this.numbers.state, ...Object.fromEntries(set) };
    return `${this.numbers.explorer}?${Object.entries(all).map((pair) => pair.join("=")).join("&")}`;
  }

  /** The controls as the query of the page's address, so that a link leads to what is seen. */
  get query() {
    return this.numbers.controls.map((control) => `${control.field}=${control.values[this.at[control.field]]}`).join("&");
  }

  /** Go where a query leads, as far as it names values that there are. */
  read(query) {
    for (const pair of query.split("&")) {
      const [field, text] = pair.split("=");
      const index = this.control(field)?.values.findIndex(
        (value) => value === text || decodeURIComponent(value) === decodeURIComponent(text ?? "")) ?? -1;
      if (index >= 0) this.at[field] = index;
    }
  }
}

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

/** A short line as it is drawn in a picture, for a legend. */
function swatch(look) {
  const dash = look.strokeDasharray ? ` stroke-dasharray="${look.strokeDasharray}"` : "";
  const line = look.stroke ? `<path d="M0 6H26" stroke="${look.stroke}" stroke-width="2"${dash}/>` : "";
  const dot = look.fill ? `<circle cx="13" cy="6" r="4" fill="${look.fill}"/>` : "";
  const sign = element("span", { className: "explorer-swatch" });
  sign.innerHTML = `<svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">${line}${dot}</svg>`;
  return sign;
}

class Explorer {
  constructor(place) {
    this.place = place;
    this.name = place.dataset.explorer;
    this.setting = new Setting(explorers.numbers[this.name]);
    this.setting.read(location.search.slice(1));
    this.inputs = {};
    const controls = element("div", { className: "explorer-controls" });
    for (const control of this.setting.numbers.controls) controls.append(this.control(control));
    const back = element("button", { type: "button", className: "explorer-back", textContent: "Back to the start" });
    back.addEventListener("click", () => this.go(new Setting(this.setting.numbers).at));
    controls.append(back);
    this.said = element("p", { className: "explorer-said" });
    this.said.setAttribute("aria-live", "polite");
    this.pictures = element("div", { className: "explorer-pictures" });
    this.state = element("code");
    const own = element("p", { className: "explorer-own" }, "On your own code, in the folder of the course: ", this.state);
    place.setAttribute("role", "group");
    place.replaceChildren(controls, this.said, this.pictures, own);
    this.draw();
    new ResizeObserver(() => this.resized()).observe(this.pictures);
  }

  control(control) {
    const id = `${this.name}-${control.field}`;
    const shown = element("output", { htmlFor: id });
    const input = control.choice
      ? element("select", { id }, ...control.shown.map((text, index) => element("option", { value: index, textContent: text })))
      : element("input", { id, type: "range", min: 0, max: control.values.length - 1, step: 1 });
    input.addEventListener("input", () => this.go({ [control.field]: Number(input.value) }));
    this.inputs[control.field] = { input, shown };
    const label = element("label", { htmlFor: id, textContent: control.label });
    return element("div", { className: "explorer-control" }, label, input, ...(control.choice ? [] : [shown]));
  }

  /** Set controls, by index, and draw before the next frame. */
  go(where) {
    Object.assign(this.setting.at, where);
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
    clearTimeout(this.kept);
    this.kept = setTimeout(() => this.keep(), 300);
  }

  /** Write the setting into the page's address. */
  keep() {
    try {
      history.replaceState(null, "", `?${this.setting.query}${location.hash}`);
    } catch {
      // Of a file that was opened without a server, some browsers let nobody change the address.
    }
  }

  resized() {
    if (Math.abs(this.pictures.clientWidth - this.width) > 4) this.draw();
  }

  draw() {
    this.frame = undefined;
    this.width = this.pictures.clientWidth;
    for (const [field, { input, shown }] of Object.entries(this.inputs)) {
      input.value = this.setting.at[field];
      shown.textContent = this.setting.shown(field);
      if (input.type === "range") input.setAttribute("aria-valuetext", this.setting.shown(field));
    }
    const { figures, said } = explorers.drawings[this.name](this.setting);
    this.said.textContent = said.replaceAll(" %", "\u00a0%");
    this.state.textContent = `${this.setting.numbers.command} "${this.setting.text}"`;
    this.pictures.replaceChildren(...figures.map((figure) => this.figure(figure)));
  }

  figure(figure) {
    const columns = figure.wide || this.width < 560 ? 1 : 2;
    const width = Math.min(figure.most ?? Infinity, Math.max(240, Math.floor((this.width - 24 * (columns - 1)) / columns)));
    const plot = Plot.plot({
      width, height: figure.plot.aspectRatio ? undefined : 230, marginLeft: 46, marginRight: 12, marginTop: 26, marginBottom: 36,
      style: { fontFamily: "inherit", fontSize: "12px", overflow: "visible", background: "none" },
      ...figure.plot,
    });
    for (const part of plot.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label"); // of the picture as a whole
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", figure.title);
    if (figure.pick) {
      plot.style.cursor = "pointer";
      plot.addEventListener("click", (event) => this.picked(figure, plot, event));
    }
    const made = element("figure", { className: "explorer-figure" }, element("figcaption", { textContent: figure.title }), plot);
    if (figure.wide) made.classList.add("explorer-wide");
    if (figure.legend) {
      made.append(element("ul", { className: "explorer-legend" },
        ...figure.legend.map(([name, look]) => element("li", {}, swatch(look), name))));
    }
    return made;
  }

  picked(figure, plot, event) {
    const box = plot.getBoundingClientRect();
    const scale = plot.viewBox.baseVal.width / box.width;
    const place = ["x", "y"].map((axis, index) =>
      plot.scale(axis).invert(scale * (index ? event.clientY - box.top : event.clientX - box.left)));
    const where = {};
    for (const [field, value] of Object.entries(figure.pick(...place))) {
      const values = this.setting.values(field);
      where[field] = values.reduce((best, one, index) =>
        Math.abs(one - value) < Math.abs(values[best] - value) ? index : best, 0);
    }
    this.go(where);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("div.explorer")) new Explorer(place);
});
