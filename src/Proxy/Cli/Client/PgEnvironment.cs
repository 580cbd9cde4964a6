namespace Sallyport.Proxy.Cli.Client;

/// <summary>
/// What psql is started with. The token is in a file that only its owner can read, in a directory of its own that goes when psql has gone: not
/// in the arguments, which everybody on the machine sees, nor in the environment, which is handed on to whatever psql starts.
/// </summary>
internal sealed class PgEnvironment : IDisposable
{
    /// <summary>Settings of the caller's shell that would lead psql elsewhere, or log it in otherwise.</summary>
    private static readonly string[] Removed = ["PGPASSWORD", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGREQUIREAUTH", "PGSSLCERT", "PGSSLKEY", "PGGSSENCMODE", "PGTARGETSESSIONATTRS"];

    private readonly DirectoryInfo _directory;

    /// <exception cref="ClientException">It is not known where the proxy is.</exception>
    public PgEnvironment(ClientConfig config, string target, string user, string token)
    {
        string host = config.Host ?? throw new ClientException("Where is the proxy? Say --host, or \"proxy\" in " + ClientConfig.DefaultPath + ".");
        _directory = Directory.CreateTempSubdirectory("sallyport-"); // Mode 0700.
        string passfile = Path.Combine(_directory.FullName, "passfile");
        ClientFiles.Write(passfile, PgFiles.Line(host, config.Port, "*", "*", token) + "\n");
        Variables = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PGHOST"] = host,
            ["PGPORT"] = config.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["PGDATABASE"] = target,
            ["PGUSER"] = user,
            ["PGPASSFILE"] = passfile,
            ["PGSSLMODE"] = "verify-full",
            ["PGSSLROOTCERT"] = config.CertificateAuthority ?? "system",
        };
        foreach (string name in Removed)
            Variables[name] = null;
    }

    /// <summary>Environment variables to set; null: to remove.</summary>
    public Dictionary<string, string?> Variables { get; }

    public void Dispose() => _directory.Delete(recursive: true);
}
