import { broadcast } from './broadcast.js';

broadcast(true);
