// The report: what is asked, a preview of its first page, and the files.
import { about, el, say } from "/static/words.js";
import { again, base64, blocks, fileField, fileLink, job, remembered, stateOf, subject } from "/static/screens/parts.js";

const MOST = 500_000;

export function report(main, choice) {
  const state = stateOf(choice, about.controls);
  const question = el("textarea", { id: "question", rows: 2, maxlength: 300 });
  const year = (id, chosen) => el("select", { id }, about.years.map((one) =>
    el("option", { value: one, selected: one === chosen }, String(one))));
  const first = year("first", about.years[0]), last = year("last", about.years.at(-1));
  const line = (id) => el("input", { id, maxlength: 120, autocomplete: "off" });
  const recipient = line("recipient"), author = line("author");
  const now = new Date(), two = (part) => String(part).padStart(2, "0");
  const day = el("input", { id: "paper-day", type: "date", value: `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}` });
  const logo = el("input", { id: "logo", type: "file", accept: ".png,.jpg,.jpeg" });
  const pages = el("select", { id: "pages" }, el("option", { value: "" }, say("report.two")), el("option", { value: "all" }, say("report.all")));
  const large = el("p", { class: "wrong", role: "alert" });
  const out = el("div", {}), gone = el("p", { class: "wrong", role: "alert" });
  const work = job("/api/report", () => { out.replaceChildren(); gone.textContent = ""; }, (item) => {
    out.replaceChildren(
      el("section", { class: "card", "aria-labelledby": "files" }, el("h2", { id: "files" }, say("report.files")),
        el("div", { class: "bar" }, item.files.map((file) =>
          fileLink(file, `${say(`report.${file.format}`)} (${file.name})`, gone))), gone),
      el("section", { class: "card paper", "aria-labelledby": "paper" }, el("p", { class: "quiet" }, say("report.preview")),
        item.letter.length > 0 && el("p", { class: "quiet" }, item.letter.flatMap((text, place) => [place > 0 && el("br"), text])),
        el("h2", { id: "paper" }, item.title), el("p", {}, item.subject), blocks(item.blocks)), again(item, state));
  });
  logo.addEventListener("change", () => { large.textContent = ""; });
  main.append(el("h1", {}, say("report.title")), el("p", {}, say("report.about")),
    el("p", {}, say("screen.of", { name: subject(choice) })),
    remembered(el("form", { class: "card sentence", onsubmit: async (event) => {
      event.preventDefault();
      const picture = logo.files[0];
      large.textContent = picture && picture.size > MOST ? say("report.logo.large") : "";
      if (large.textContent) return;
      let content = "";
      try {
        content = picture ? await base64(picture) : "";
      } catch { // it was written over since it was chosen
        large.textContent = say("list.changed");
        return;
      }
      work.start({ state, form: {
        question: question.value, first: first.value, last: last.value, appendix: pages.value === "all", recipient: recipient.value,
        author: author.value, date: day.value, logo: content,
      } });
    } },
    el("div", { class: "field" }, el("label", { for: "question" }, say("report.question")), question),
    el("div", { class: "field" }, el("label", { for: "first" }, say("report.first")), first),
    el("div", { class: "field" }, el("label", { for: "last" }, say("report.last")), last),
    el("div", { class: "field" }, el("label", { for: "pages" }, say("report.pages")), pages),
    el("div", { class: "field" }, el("label", { for: "recipient" }, say("report.recipient")), recipient),
    el("div", { class: "field" }, el("label", { for: "author" }, say("report.author")), author),
    el("div", { class: "field" }, el("label", { for: "paper-day" }, say("report.day")), day),
    el("div", { class: "field" }, el("label", { for: "logo" }, say("report.logo")), fileField(logo), large),
    el("p", {}, el("button", { class: "first", type: "submit" }, say("report.make")))), "report", choice, "paper"), work.node, out);
  return () => work.stop();
}
