import { broadcast } from './broadcast.js';

broadcast(false);
