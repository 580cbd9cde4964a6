using System.Text;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>A StartupMessage (PostgreSQL 55.7): Int32 version, then String name, String value, …, a zero byte.</summary>
internal sealed class PgStartupParameters
{
    /// <summary>Parameters a StartupMessage may hold: PostgreSQL knows fewer than 400.</summary>
    private const int MaxParameters = 256;

    /// <summary>
    /// Settings that a client may give at startup: how it wants to read and write values, and limits on itself. They change neither who acts nor
    /// which objects a name means. Everything else is refused by name; it can be SET afterwards, where policy judges it.
    /// </summary>
    private static readonly HashSet<string> Allowed = new(StringComparer.OrdinalIgnoreCase)
    {
        "application_name", "client_encoding", "client_min_messages", "datestyle", "intervalstyle", "timezone", "extra_float_digits", "bytea_output",
        "standard_conforming_strings", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout",
        "idle_session_timeout", "default_transaction_isolation", "default_transaction_read_only", "default_transaction_deferrable", "geqo",
        "tcp_user_timeout", "jit", "fallback_application_name",
    };

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The protocol version asked for.</summary>
    public required int Version { get; init; }

    public string User => _values.GetValueOrDefault("user", "");

    /// <summary>The database asked for; PostgreSQL's default is the user's name.</summary>
    public string Database => _values.GetValueOrDefault("database", User);

    public string ApplicationName => _values.GetValueOrDefault("application_name", "");

    /// <summary>Protocol options (<c>_pq_.…</c>) asked for; none is known.</summary>
    public List<string> ProtocolOptions { get; } = [];

    /// <summary>Reads the body of a StartupMessage; null when it is malformed.</summary>
    public static PgStartupParameters? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        var startup = new PgStartupParameters { Version = reader.ReadInt32() };
        for (int i = 0; i <= MaxParameters; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadCString();
            if (name.IsEmpty)
                return reader.AtEnd ? startup : null;
            ReadOnlySpan<byte> value = reader.ReadCString();
            if (reader.Failed || !startup.TryAdd(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value)))
                return null;
        }

        return null;
    }

    /// <summary>What the target is to be started with, or why the client may not ask for that.</summary>
    public PgRefusal? TryForTarget(out List<KeyValuePair<string, string>> parameters)
    {
        parameters = [];
        var asked = new List<KeyValuePair<string, string>>();
        foreach ((string name, string value) in _values)
        {
            if (name.Equals("options", StringComparison.OrdinalIgnoreCase))
            {
                if (!PgStartupOptions.TryParse(value, asked))
                    return new PgRefusal(SqlState.FeatureNotSupported, "the startup parameter \"options\" holds more than settings", Hint: "Use only -c name=value in options.");
            }
            else if (!name.Equals("user", StringComparison.OrdinalIgnoreCase) && !name.Equals("database", StringComparison.OrdinalIgnoreCase))
            {
                asked.Add(new(name, value));
            }
        }

        foreach (KeyValuePair<string, string> parameter in asked)
        {
            if (parameter.Key.Equals("replication", StringComparison.OrdinalIgnoreCase) && parameter.Value is "false" or "off" or "no" or "0")
                continue;
            if (!Allowed.Contains(parameter.Key))
            {
                return new PgRefusal(SqlState.FeatureNotSupported, $"the startup parameter \"{Printable(parameter.Key)}\" is not allowed",
                    Hint: "Leave it out; SET it once connected, if policy allows.");
            }

            if (!parameter.Key.Equals("fallback_application_name", StringComparison.OrdinalIgnoreCase))
                parameters.Add(parameter);
        }

        return null;
    }

    private static string Printable(string name) => new([.. name.Take(63).Select(c => char.IsControl(c) ? '?' : c)]);

    private bool TryAdd(string name, string value)
    {
        if (!name.StartsWith("_pq_.", StringComparison.Ordinal))
            return _values.TryAdd(name, value);
        ProtocolOptions.Add(name);
        return true;
    }
}

/// <summary>
/// The <c>options</c> startup parameter: words as PostgreSQL's pg_split_opts splits them (blanks separate, a backslash takes the next character
/// as it is), of which only <c>-c name=value</c>, <c>-cname=value</c> and <c>--name=value</c> are settings.
/// </summary>
internal static class PgStartupOptions
{
    /// <summary>Settings one options string may hold.</summary>
    private const int MaxSettings = 64;

    public static bool TryParse(string options, List<KeyValuePair<string, string>> settings)
    {
        List<string> words = Split(options);
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            string? setting = word switch
            {
                "-c" => ++i < words.Count ? words[i] : null,
                _ when word.StartsWith("-c", StringComparison.Ordinal) => word[2..],
                _ when word.StartsWith("--", StringComparison.Ordinal) => word[2..],
                _ => null,
            };
            int equals = setting?.IndexOf('=', StringComparison.Ordinal) ?? -1;
            if (equals < 1 || settings.Count >= MaxSettings)
                return false;
            settings.Add(new(setting![..equals].Replace('-', '_'), setting[(equals + 1)..]));
        }

        return true;
    }

    private static List<string> Split(string options)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool inside = false;
        for (int i = 0; i < options.Length; i++)
        {
            char c = options[i];
            if (c is ' ' or '\t' or '\n' or '\r' or '\v' or '\f')
            {
                if (inside)
                    words.Add(word.ToString());
                word.Clear();
                inside = false;
                continue;
            }

            inside = true;
            if (c == '\\' && i + 1 < options.Length)
                c = options[++i];
            word.Append(c);
        }

        if (inside)
            words.Add(word.ToString());
        return words;
    }
}
