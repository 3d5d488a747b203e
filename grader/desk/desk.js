"use strict";
// Keys, the total while a grade is made, and keeping the answer while its page is open. All else works without this.
{
  const form = document.getElementById("grade");
  let changed = false;

  function total() {
    let sum = form.dataset.start === "full" ? Number(form.dataset.worth) : 0;
    for (const item of form.querySelectorAll("[name=item]:checked")) sum += Number(item.dataset.points);
    sum += Number(form.elements.adjustment.value.trim().replace(",", ".").replace("−", "-")) || 0;
    const earned = Math.min(Math.max(sum, 0), Number(form.dataset.worth));
    document.getElementById("total").textContent = String(Math.round(100 * earned) / 100);
  }

  function press(key) {
    if (/^[1-9]$/.test(key)) {
      const item = form?.querySelectorAll("[name=item]")[Number(key) - 1];
      if (item) item.click();
      return Boolean(item);
    }
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target || target.matches(":disabled")) return false;
    if (target.matches("input, textarea")) target.focus();
    else if (target.matches("details")) {
      target.open = !target.open;
      if (target.open) (target.querySelector("input:not([type=hidden])") ?? target.querySelector("summary")).focus();
    } else target.click();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (field && event.key === "Escape") field.blur();
    else if (event.ctrlKey && event.key === "Enter" && form?.contains(event.target)) press("Enter");
    else if (field || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    else if (event.key === "Enter" && event.target.closest("a, button, summary")) return; // it does what is focused
    else if (!press(event.key)) return;
    event.preventDefault();
  });

  if (form) {
    form.addEventListener("input", () => {
      changed = true;
      total();
    });
    form.addEventListener("keydown", (event) => {
      // A field's own Enter would send the form's first button from a slip of the finger.
      if (event.key === "Enter" && !event.ctrlKey && event.target.matches("input:not([type=checkbox])")) event.preventDefault();
    });
    const items = () => [...form.querySelectorAll("[name=item]")];
    const { adjustment, remark } = form.elements;
    // A grade that has not been entered yet outlives a change of the rubric, which loads the page anew.
    document.addEventListener("submit", (event) => {
      if (event.target.id === "rubric" && changed) {
        const chosen = items().filter((item) => item.checked).map((item) => item.value);
        sessionStorage.setItem("grade", JSON.stringify([location.pathname, chosen, adjustment.value, remark.value]));
      }
      changed = false;
    });
    const [page, chosen, points, words] = JSON.parse(sessionStorage.getItem("grade") ?? "[]");
    sessionStorage.removeItem("grade");
    if (page === location.pathname) {
      for (const item of items()) item.checked = chosen.includes(item.value);
      [adjustment.value, remark.value, changed] = [points, words, true];
      total();
    }
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
    if (!("busy" in form.dataset)) {
      const claim = () => fetch(form.dataset.claim, { method: "POST" });
      claim(); // when a page is loaded anew, the old one may have let go of the answer after the server has sent this one
      setInterval(claim, 120_000); // an answer is kept for ten minutes
      window.addEventListener("pagehide", () => navigator.sendBeacon(form.dataset.letGo));
    }
  }
}
