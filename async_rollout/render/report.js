(() => {
  const told = document.getElementById("told");
  const words = new Map();
  const show = (event) => {
    const span = event.target.closest(".track span");
    told.textContent = (span && words.get(span)) || "";
  };
  for (const track of document.querySelectorAll(".track")) {
    const spans = [...track.querySelectorAll("span")];
    for (const span of spans) {
      words.set(span, span.title);
      span.removeAttribute("title");
      span.tabIndex = -1;
    }
    if (spans.length) spans[0].tabIndex = 0;
    track.addEventListener("keydown", (event) => {
      const at = spans.indexOf(document.activeElement);
      const next = { ArrowRight: spans[at + 1], ArrowLeft: spans[at - 1], Home: spans[0], End: spans.at(-1) }[event.key];
      if (next) { event.preventDefault(); next.focus(); }
    });
  }
  document.addEventListener("mouseover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") told.textContent = ""; });
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
})();
