// An own list of who waits today: one to fill in, and what a filled one was understood as.
import { about, ask, el, fault, say } from "/static/words.js";
import { address } from "/static/page.js";
import { base64, fileField, grid } from "/static/screens/parts.js";

const MOST = 1_400_000;

export function ownList() {
  const day = el("input", { type: "date", id: "list-day", value: about.today > about.start ? about.today : "", min: about.start, max: about.end });
  const wrong = el("div", { class: "wrong", role: "alert" });
  const shown = el("div", { "aria-live": "polite" });
  const file = el("input", { type: "file", id: "list", accept: ".xlsx,.csv", onchange: () => load(file.files[0]) });
  const drop = el("div", { class: "drop", ondragover: (event) => event.preventDefault(), ondrop: (event) => {
    event.preventDefault();
    load(event.dataTransfer.files[0]);
  } }, el("label", { for: "list" }, say("list.file")), fileField(file));
  day.addEventListener("change", () => load(file.files[0]));

  async function load(chosen) {
    wrong.textContent = "";
    shown.replaceChildren();
    if (!chosen) return;
    if (chosen.size > MOST) {
      wrong.textContent = say("list.too-large");
      return;
    }
    try {
      const out = await ask("/api/list", { name: chosen.name, content: await base64(chosen), day: day.value });
      const columns = ["place", "situation", "number", "dated", "longest"].map((key) => say(`list.${key}`));
      const choice = { cases: out.list, casesDay: out.day, name: say("list.name") };
      shown.replaceChildren(el("p", {}, say("list.read", { rows: out.read })),
        grid({ title: say("list.preview"), columns, rows: out.rows, numeric: [false, false, true, true, true] }),
        el("p", {}, el("a", { class: "button first", href: address("workbench", choice) }, say("list.use"))));
    } catch (error) {
      const lines = error.lines?.length > 1 ? error.lines : null;
      wrong.replaceChildren(say("list.wrong"), lines ? el("ul", {}, lines.map((line) => el("li", {}, line))) : ` ${fault(error).replace(say("error"), "").trim()}`);
    }
  }

  return el("section", { class: "card", "aria-labelledby": "own-list" }, el("h3", { id: "own-list" }, say("list")),
    el("p", {}, say("list.about")),
    el("p", {}, el("a", { class: "button", href: `/api/list/template?lang=${about.language}` }, say("list.template"))),
    el("label", { for: "list-day" }, say("list.day")), day, drop, wrong, shown);
}
