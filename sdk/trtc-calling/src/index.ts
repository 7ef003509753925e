import { registerComponent } from '@huitong/wx-platform';
import { definition } from './component.js';

registerComponent(definition());
