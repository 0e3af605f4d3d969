/** What a visitor sees where nobody set Clerk up. */
export function MissingKeys() {
  return (
    <p role="alert">
      Copy <code>.env.example</code> to <code>.env.local</code>, write the keys of your Clerk application into it, and build or start again.
    </p>
  );
}
