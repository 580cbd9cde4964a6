using Microsoft.Extensions.Logging;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Admin;

/// <summary>Leads what the web server has to say into the daemon's log: warnings and worse, in one line each.</summary>
internal sealed class HostLog(Log log) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => logLevel >= Microsoft.Extensions.Logging.LogLevel.Warning;

    public void Log<TState>(
        Microsoft.Extensions.Logging.LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        LogField[] fields = [new("message", formatter(state, exception)), new("exception", exception?.ToString())];
        if (logLevel == Microsoft.Extensions.Logging.LogLevel.Warning)
            log.Warning("web-server", fields);
        else
            log.Error("web-server", fields);
    }

    public void Dispose()
    {
        // The daemon's log is the daemon's.
    }
}
