import { mount } from 'svelte';
import '../kit/kit.css';
import { theme } from '../kit/theme.svelte.ts';
import App from './App.svelte';

theme.apply();
mount(App, { target: document.getElementById('app')! });
