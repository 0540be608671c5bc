// A place that files may be dropped on; dropped beside it they are left where they are.
export function landing(place, taken) {
  const over = (on) => (e) => {
    if (![...(e.dataTransfer?.types || [])].includes("Files")) return;
    e.preventDefault();
    place.classList.toggle("over", on);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (e) => { over(false)(e); e.stopPropagation(); taken([...e.dataTransfer.files]); });
}

for (const kind of ["dragover", "drop"]) addEventListener(kind, (e) => e.preventDefault()); // not opened in place of the page
