// The report: what is asked, a preview of its first page, and the files.
import { about, el, say } from "/static/words.js";
import { blocks, job, stateOf } from "/static/screens/parts.js";

export function report(main, choice) {
  const state = stateOf(choice, about.controls);
  const question = el("textarea", { id: "question", rows: 2, maxlength: 300 });
  const year = (id, chosen) => el("select", { id }, about.years.map((one) =>
    el("option", { value: one, selected: one === chosen }, String(one))));
  const first = year("first", about.years[0]), last = year("last", about.years.at(-1));
  const appendix = el("input", { id: "appendix", type: "checkbox" });
  const out = el("div", { "aria-live": "polite" });
  const work = job("/api/report", () => out.replaceChildren(), (item) => {
    out.replaceChildren(
      el("section", { class: "card", "aria-labelledby": "files" }, el("h2", { id: "files" }, say("report.files")),
        el("div", { class: "bar" }, item.files.map((file) =>
          el("a", { class: "button first", href: `/api/file/${file.token}`, download: file.name }, `${say(`report.${file.format}`)} (${file.name})`)))),
      el("section", { class: "card paper", "aria-labelledby": "paper" }, el("p", { class: "quiet" }, say("report.preview")),
        el("h2", { id: "paper" }, item.title), el("p", {}, item.subject), blocks(item.blocks)));
  });
  const named = choice.preset ? about.presets.find((one) => one.name === choice.preset)?.title : choice.name;
  main.append(el("h1", {}, say("report.title")), el("p", {}, say("report.about")),
    el("p", {}, say("screen.of", { name: state.changes.length || choice.preset || choice.own ? named ?? say("bench.name.value") : about.reference })),
    el("form", { class: "card sentence", onsubmit: (event) => {
      event.preventDefault();
      work.start({ state, form: { question: question.value, first: first.value, last: last.value, appendix: appendix.checked } });
    } },
    el("div", { class: "field" }, el("label", { for: "question" }, say("report.question")), question),
    el("div", { class: "field" }, el("label", { for: "first" }, say("report.first")), first),
    el("div", { class: "field" }, el("label", { for: "last" }, say("report.last")), last),
    el("div", { class: "check" }, appendix, el("label", { for: "appendix" }, say("report.appendix"))),
    el("p", {}, el("button", { class: "first", type: "submit" }, say("report.make")))), work.node, out);
  return () => work.stop();
}
