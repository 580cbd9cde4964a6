using System.CommandLine;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>What the client knows of a Sallyport: <c>~/.config/sallyport/client.yaml</c>, written by hand or handed out by whoever runs it.</summary>
internal sealed record ClientConfig
{
    /// <summary>The broker's address; null: not said.</summary>
    public Uri? Broker { get; init; }

    /// <summary>The admin API's address.</summary>
    public Uri? Admin { get; init; }

    /// <summary>Where PostgreSQL clients connect.</summary>
    public string? Host { get; init; }

    public int Port { get; init; } = 6432;

    /// <summary>Certificate authorities to trust (PEM); null: the system's.</summary>
    public string? CertificateAuthority { get; init; }

    public static string DefaultPath => Path.Combine(ClientFiles.Directory, "client.yaml");

    /// <summary>The option that names another file.</summary>
    public static Option<FileInfo?> FileOption() => new("--client-config") { Description = "The client's configuration; ~/.config/sallyport/client.yaml by default", HelpName = "FILE" };

    /// <summary>Reads it; everything is empty when there is no file.</summary>
    /// <exception cref="ClientException">It is wrong, or the file that was named is not there.</exception>
    public static ClientConfig Read(FileInfo? file)
    {
        string path = file?.FullName ?? DefaultPath;
        if (!File.Exists(path))
            return file is null ? new ClientConfig() : throw new ClientException($"{path}: there is no such file.");
        var bag = new DiagnosticBag();
        ClientConfig config = new();
        if (YamlReader.ReadSingleFile(path, bag) is { } document)
        {
            YamlMap? proxy = document.Map("proxy");
            config = new ClientConfig
            {
                Broker = Address(document, "broker"),
                Admin = Address(document, "admin"),
                Host = proxy?.RequiredText("host", 255),
                Port = proxy?.Int("port", IPEndPoint.MinPort + 1, IPEndPoint.MaxPort) ?? 6432,
                CertificateAuthority = document.Text("ca") is { } ca ? Path.GetFullPath(ca, Path.GetDirectoryName(path)!) : null,
            };
            document.ReportUnknownKeys();
        }

        return bag.HasErrors ? throw new ClientException(string.Join('\n', bag.Items.Select(item => item.ToString()))) : config;
    }

    /// <summary>The authorities to trust; null: the system's.</summary>
    /// <exception cref="ClientException">They cannot be read.</exception>
    public X509Certificate2Collection? Authorities()
    {
        if (CertificateAuthority is null)
            return null;
        try
        {
            X509Certificate2Collection authorities = [];
            authorities.ImportFromPemFile(CertificateAuthority);
            return authorities;
        }
        catch (Exception wrong) when (wrong is IOException or System.Security.Cryptography.CryptographicException or UnauthorizedAccessException)
        {
            throw new ClientException($"{CertificateAuthority}: {wrong.Message}", wrong);
        }
    }

    private static Uri? Address(YamlMap map, string key)
    {
        if (map.Text(key, TokenParts.LongestName) is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address))
            return address;
        map.Error(key, $"\"{text}\" is no address: https, or http on loopback.");
        return null;
    }
}
