// SPDX-License-Identifier: MIT
// Form.jsx - a card with labelled fields and one button; shows what its action throws.
import { useState } from 'react';

export function Form({ title, button, fields, action, children }) {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event.preventDefault();
    setError('');
    setBusy(true);
    try {
      await action(Object.fromEntries(new FormData(event.target)));
    } catch (e) {
      setError(e.message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="card" onSubmit={submit}>
      <h1>{title}</h1>
      {fields.map(({ label, ...input }) => (
        <label key={input.name}>
          {label}
          <input required {...input} />
        </label>
      ))}
      {error && <p className="notice bad" role="alert">{error}</p>}
      <button disabled={busy}>{busy ? 'One moment …' : button}</button>
      {children}
    </form>
  );
}
