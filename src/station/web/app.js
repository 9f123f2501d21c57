document.title = 'Linkpulse';
