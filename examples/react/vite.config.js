// SPDX-License-Identifier: MIT
// vite.config.js - port 8081, the one origin that the tutorial's server and `latchkey dev` let in.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const at = { host: 'localhost', port: 8081, strictPort: true };

export default defineConfig({ plugins: [react()], server: at, preview: at });
