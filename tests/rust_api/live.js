// Requests to the mock server beside those of its clients.

export const get = async (url) => (await fetch(url)).text();

export async function post(url, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}
