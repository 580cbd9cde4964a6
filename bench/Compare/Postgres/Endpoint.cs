namespace Sallyport.Compare.Postgres;

/// <summary>Where a libpq client connects to: always loopback, never TLS, so that every peer moves the same bytes.</summary>
internal sealed record Endpoint(int Port, string Database, string User, string Password)
{
    /// <summary>As libpq's environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["PGHOST"] = "127.0.0.1",
        ["PGPORT"] = Port.ToString(),
        ["PGDATABASE"] = Database,
        ["PGUSER"] = User,
        ["PGPASSWORD"] = Password,
        ["PGSSLMODE"] = "disable",
        ["PGGSSENCMODE"] = "disable",
        ["PGPASSFILE"] = "/dev/null",
        ["PGCONNECT_TIMEOUT"] = "20",
    };
}
