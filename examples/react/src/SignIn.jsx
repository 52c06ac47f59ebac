// SPDX-License-Identifier: MIT
// SignIn.jsx - a name and a password for a token.
import { signIn } from './api.js';
import { Form } from './Form.jsx';

const FIELDS = [
  { name: 'username', label: 'Username', autoComplete: 'username', maxLength: 255 },
  { name: 'password', label: 'Password', type: 'password', autoComplete: 'current-password' },
];

export function SignIn({ session }) {
  async function action(fields) {
    session.begin(await signIn(fields));
    location.hash = '/profile';
  }

  return (
    <Form title="Sign in" button="Sign in" fields={FIELDS} action={action}>
      <p className="aside">
        New here? <a href="#/signup">Sign up</a>
      </p>
    </Form>
  );
}
