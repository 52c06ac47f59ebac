// SPDX-License-Identifier: MIT
// Board.jsx - one of the four boards: what the server says to this user, be it a refusal.
import { useEffect, useState } from 'react';
import { board } from './api.js';

const TITLES = { all: 'Public board', user: 'User board', mod: 'Moderator board', admin: 'Admin board' };

export function Board({ name, user }) {
  const [said, setSaid] = useState(null);

  useEffect(() => {
    let left = false;
    const show = (what) => left || setSaid(what);

    setSaid(null);
    board(name, user).then(
      (text) => show({ text, good: true }),
      (e) => show({ text: e.message, good: false }),
    );
    return () => {
      left = true;
    };
  }, [name, user]);

  return (
    <section className="card">
      <h1>{TITLES[name]}</h1>
      {said && (
        <p className={said.good ? 'notice good' : 'notice bad'} role={said.good ? 'status' : 'alert'}>
          {said.text}
        </p>
      )}
    </section>
  );
}
