// Paper: the button that prints this page.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
