import { z } from 'zod';

// A compiled parser needs `eval`, which the page's policy forbids. Schemas look at this when they are made, so that this
// file is imported before any of them.
z.config({ jitless: true });
