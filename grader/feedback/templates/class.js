"use strict";
// Search, filter, sort and turn the pages of the students' table. Without this script its first page stays as it is.
// Everything in the data is untrusted text: it is only ever set as text, an attribute's value, or compared.
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const [NAME, PAGE, POINTS, VERDICTS, SCORES, KNOWN, REASON, WRITTEN] = Array(8).keys(); // of a student's row
  const all = data.students;
  const exercises = data.exercises.map(([name]) => name);
  const verdicts = data.verdicts.map(([, , name]) => name);
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase(); // José is found as jose
  const searched = all.map((row) => plain(row[NAME]));
  const points = (number) => String(Math.round(100 * number) / 100);

  const form = document.getElementById("find");
  const turn = document.getElementById("turn");
  const [previous, next] = turn.querySelectorAll("button");
  const heads = [...document.querySelectorAll("#students th[data-sort]")];
  const FIELDS = ["q", "verdict", "exercise", "misconception"];
  let state = {}; // what is asked for: FIELDS, sort, down, page; it stands in the address, so that a link leads back here

  // The rows that are asked for, as indices into `all`, in the order that is asked for.
  function chosen() {
    const words = plain(state.q || "").split(/\s+/);
    const column = exercises.indexOf(state.exercise);
    const code = verdicts.indexOf(state.verdict);
    const known = data.misconceptions.indexOf(state.misconception);
    const found = [...all.keys()].filter((k) => {
      const row = all[k];
      const own = column < 0 ? row[VERDICTS] : row[VERDICTS][column];
      return words.every((word) => searched[k].includes(word))
        && (!state.misconception || row[KNOWN].includes(known))
        && (!state.verdict
          || (state.verdict === "look" ? row[REASON]
            : state.verdict === "written" ? row[WRITTEN]
            : state.verdict === "wrong" ? /[^0-]/.test(own)
            : code >= 0 && own.includes(code)));
    });
    const by = exercises.indexOf(state.sort);
    const order = new Intl.Collator(undefined, { numeric: true });
    const compare = state.sort === "student" ? (a, b) => order.compare(all[a][NAME], all[b][NAME])
      : state.sort === "points" ? (a, b) => all[a][POINTS] - all[b][POINTS]
      : by >= 0 ? (a, b) => all[a][SCORES][by] - all[b][SCORES][by]
      : () => 0; // as they come: those to look at first
    return found.sort((a, b) => (state.down ? compare(b, a) : compare(a, b)) || a - b);
  }

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function tableRow(row, columns) {
    const name = element("bdi", { textContent: row[NAME] });
    const head = element("th", { scope: "row" }, row[PAGE] ? element("a", { href: row[PAGE] }, name) : name);
    if (row[REASON]) head.append(element("small", { textContent: row[REASON] }));
    const cells = columns.map((k) => {
      const found = data.verdicts[row[VERDICTS][k]];
      if (!found) return element("td");
      const [symbol, words, verdict] = found;
      const [exercise, worth] = data.exercises[k];
      const mark = element("span", { className: `mark ${verdict}`, role: "img", ariaLabel: words, textContent: symbol });
      const title = `${exercise}: ${words}, ${points(row[SCORES][k])} of ${points(worth)}`;
      return element("td", { className: verdict, title }, mark);
    });
    return element("tr", {}, head, element("td", { className: "number", textContent: points(row[POINTS]) }), ...cells);
  }

  function show() {
    const found = chosen();
    const pages = Math.max(1, Math.ceil(found.length / data.rows));
    const page = Math.min(Math.max(1, Math.trunc(state.page) || 1), pages);
    const column = exercises.indexOf(state.exercise);
    const columns = column < 0 ? [...exercises.keys()] : [column];
    const rows = found.slice((page - 1) * data.rows, page * data.rows).map((k) => tableRow(all[k], columns));
    document.querySelector("#students tbody").replaceChildren(...rows);
    document.querySelector("#students thead tr").hidden = column >= 0;
    for (const head of heads) {
      head.hidden = column >= 0 && exercises.includes(head.dataset.sort) && head.dataset.sort !== state.exercise;
      head.ariaSort = head.dataset.sort !== state.sort ? "none" : state.down ? "descending" : "ascending";
    }
    for (const name of FIELDS) form.elements[name].value = state[name] || "";
    const count = (number) => number.toLocaleString("en");
    document.getElementById("found").textContent = `${count(found.length)} of ${count(all.length)} students`
      + (state.sort ? "" : ", those to look at first");
    turn.querySelector("span").textContent = `page ${count(page)} of ${count(pages)}`;
    turn.hidden = pages === 1;
    [previous.disabled, next.disabled] = [page === 1, page === pages];
    state.page = page;
  }

  function ask(change) {
    state = { ...state, page: 1, ...change };
    const asked = Object.entries(state).filter(([name, value]) => value && !(name === "page" && value === 1));
    history.replaceState(null, "", `#${new URLSearchParams(asked)}`);
    show();
  }

  // A link to some of the students: what it asks for stands behind the #. Other links lead to a place on the page.
  function follow() {
    if (!location.hash.includes("=")) return;
    state = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    show();
    document.getElementById("students").scrollIntoView();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => ask({ [event.target.name]: event.target.value }));
  form.addEventListener("reset", () => ask({ q: "", verdict: "", exercise: "", misconception: "", sort: "", down: "" }));
  previous.addEventListener("click", () => ask({ page: state.page - 1 }));
  next.addEventListener("click", () => ask({ page: state.page + 1 }));
  for (const head of heads) {
    const sort = head.dataset.sort;
    const button = element("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => ask({ sort, down: state.sort === sort && !state.down ? "1" : "" }));
    head.append(button);
  }
  for (const words of document.querySelectorAll("[data-find]")) {
    const link = element("a", { href: `#${words.dataset.find}` });
    words.replaceWith(link);
    link.append(...words.childNodes);
  }
  window.addEventListener("hashchange", follow);
  form.hidden = false;
  show();
  follow();
}
