// An own list of who waits today: one to fill in, and what a filled one was understood as.
import { about, ask, el, fault, say } from "/static/words.js";
import { address } from "/static/page.js";
import { base64, fileField, grid } from "/static/screens/parts.js";

const MOST = 1_400_000;

export function ownList() {
  const day = el("input", { type: "date", id: "list-day", value: about.today > about.start ? about.today : "", min: about.start, max: about.end });
  const wrong = el("p", { class: "wrong", role: "alert" }), lines = el("div", {});
  const spoken = el("p", { role: "status" }), shown = el("div", {});
  let held = null, newest = null;
  const file = el("input", { type: "file", id: "list", accept: ".xlsx,.csv" });
  const take = (chosen) => {
    held = chosen;
    load();
  };
  const drop = el("div", { class: "drop", ondragover: (event) => event.preventDefault(), ondrop: (event) => {
    event.preventDefault();
    file.files = event.dataTransfer.files; // as if it had been chosen
    file.dispatchEvent(new Event("change"));
  } }, el("label", { for: "list" }, say("list.file")), fileField(file, take));
  day.addEventListener("change", () => load());

  // The list that is held, as of the day that is set: an answer to an earlier list or day is shown no more.
  async function load() {
    const mine = newest = {};
    wrong.textContent = spoken.textContent = "";
    for (const one of [lines, shown]) one.replaceChildren();
    if (!held) return;
    if (held.size > MOST) {
      wrong.textContent = say("list.too-large");
      return;
    }
    try {
      const out = await ask("/api/list", { name: held.name, content: await base64(held), day: day.value });
      if (mine !== newest) return;
      const columns = ["place", "situation", "number", "dated", "longest"].map((key) => say(`list.${key}`));
      const choice = { cases: out.list, casesDay: out.day };
      spoken.textContent = say("list.read", { rows: out.read });
      shown.replaceChildren(...(out.alike.length ? [el("details", {}, el("summary", {}, say("list.alike", { number: out.alike.length })),
        el("p", { class: "quiet" }, say("list.alike.about")), el("ul", {}, out.alike.map((one) => el("li", {}, one))))] : []),
        grid({ title: say("list.preview"), columns, rows: out.rows, numeric: [false, false, true, true, true] }),
        el("p", {}, el("a", { class: "button first", href: address("workbench", choice) }, say("list.use"))));
    } catch (error) {
      if (mine !== newest) return;
      if (error.name === "NotReadableError" || error.name === "NotFoundError") {
        wrong.textContent = say("list.changed");
        return;
      }
      const several = error.lines?.length > 1 ? error.lines : [];
      const said = fault(error).replace(say("error"), "").trim();
      wrong.textContent = `${say("list.wrong")} ${several.length ? say("list.cells", { number: several.length }) : said}`;
      if (several.length) lines.replaceChildren(el("ul", { class: "wrong" }, several.map((line) => el("li", {}, line))));
    }
  }

  return el("section", { class: "card", "aria-labelledby": "own-list" }, el("h3", { id: "own-list" }, say("list")),
    el("p", {}, say("list.about")),
    el("p", {}, el("a", { class: "button", href: `/api/list/template?lang=${about.language}` }, say("list.template"))),
    el("label", { for: "list-day" }, say("list.day")), day, drop, wrong, lines, spoken, shown);
}
