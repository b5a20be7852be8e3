import { ADMIN_ROUTES } from './admin-routes.js';
import { CHAT_ROUTES } from './chat-routes.js';
import { CONSOLE_ROUTES } from './console-routes.js';
import { FILE_ROUTES } from './file-routes.js';
import { IMAGE_ROUTES } from './image-routes.js';
import type { ApiRoute } from './route.js';
import { SYSTEM_ROUTES } from './system-routes.js';
import { TASK_ROUTES } from './task-routes.js';

/** Every route there is. What is not here is answered as not found, or as a method that is not allowed. */
export const API_ROUTES: readonly ApiRoute[] = [
  ...CHAT_ROUTES,
  ...IMAGE_ROUTES,
  ...TASK_ROUTES,
  ...FILE_ROUTES,
  ...SYSTEM_ROUTES,
  ...ADMIN_ROUTES,
  ...CONSOLE_ROUTES,
];
