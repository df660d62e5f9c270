/** A sockeye: red with a green head. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 64 32" aria-hidden="true" focusable="false">
      <path className="logo-fin" d="M28 7c4-5 9-6 13-5-1 3-1 5 1 7z" />
      <path className="logo-fin" d="M32 24c2 4 5 6 8 6 0-3 1-5 3-7z" />
      <path className="logo-tail" d="M61 5c-1 7-1 15 0 22-6-1-10-5-13-9v-4c3-4 7-8 13-9z" />
      <path className="logo-body" d="M17 5c14-1 26 4 34 11-8 7-20 12-34 11z" />
      <path className="logo-head" d="M17 5C9 6 4 11 1 17c4 6 9 9 16 10 4-7 4-15 0-22z" />
      <circle className="logo-eye" cx="10" cy="14" r="2" />
    </svg>
  );
}
