// The server's side of the upload page: what is asked of it, and a refusal in its own words.

// The JSON of the answer; throws an Error whose message is for people.
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/api/upload/${path}`, { cache: "no-store", ...options });
  } catch {
    throw new Error("The page does not answer. Is it still running on this computer?");
  }
  const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error ? said.error.text : `The page answered with ${answer.status}.`);
  return said;
}

// "?name=value" of what is known; "" of nothing.
export function query(values) {
  const known = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  return known.length ? `?${new URLSearchParams(known)}` : "";
}
