using System.Globalization;

namespace Sallyport.Proxy.Logging;

/// <summary>One field of a log line. The value may come from a client: it is escaped when the line is written.</summary>
/// <param name="Name">A fixed word of ours, never a client's.</param>
/// <param name="Value">Never a secret. Null: the field is left out.</param>
internal readonly record struct LogField(string Name, string? Value)
{
    public LogField(string name, long value)
        : this(name, value.ToString(CultureInfo.InvariantCulture))
    {
    }
}

/// <summary>How grave a line is; the values are syslog's, which the journal understands (sd-daemon(3), SD_ERR …).</summary>
internal enum LogLevel
{
    Error = 3,
    Warning = 4,
    Info = 6,
}

/// <summary>How lines are written.</summary>
internal enum LogFormat
{
    Text,
    Json,
}
