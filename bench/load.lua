-- What a front end of seed 002 sends, and one line of JSON with what came of it.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"locale":"en","pageUrl":"https://example.com/pricing"}'

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'result {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
