(() => {
  const told = document.getElementById("told");
  const show = (event) => {
    const span = event.target.closest("[data-told]");
    told.textContent = span ? span.getAttribute("data-told") : "";
  };
  for (const span of document.querySelectorAll("[data-told]")) {
    span.removeAttribute("title");
    span.setAttribute("tabindex", "-1");
  }
  for (const track of document.querySelectorAll(".track")) {
    const spans = [...track.querySelectorAll("[data-told]")];
    if (spans.length) spans[0].setAttribute("tabindex", "0");
    track.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && spans[spans.indexOf(document.activeElement) + step];
      if (next) { event.preventDefault(); next.focus(); }
    });
  }
  document.addEventListener("mouseover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") told.textContent = ""; });
})();
