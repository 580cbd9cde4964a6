using System.Globalization;
using System.Text;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>What OpenSSH's client reads (ssh_config(5), sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT"). Everything that came from the server is checked before it is written: a line break would be a setting.</summary>
internal static class SshFiles
{
    /// <summary>The gateway goes by this name.</summary>
    public const string Gateway = "sallyport";

    /// <summary>… and a target by its own with this behind it.</summary>
    public const string Suffix = ".sallyport";

    /// <summary>Settings: the gateway, and each target through it.</summary>
    /// <exception cref="ClientException">The server said something that is no name.</exception>
    public static string Config(SshClientJson known, HostPort gateway, string knownHosts)
    {
        var text = new StringBuilder("# Written by sallyport ssh-config; run it again when targets have changed.\n");
        Host(text, Gateway, ("HostName", gateway.Host), ("Port", gateway.Port.ToString(CultureInfo.InvariantCulture)), ("UserKnownHostsFile", Quoted(knownHosts)));
        foreach (SshTargetJson target in known.Targets)
        {
            string name = Name(target.Name);
            string? account = target.Account ?? (target.Accounts.Count > 0 ? target.Accounts[0] : null);
            List<(string, string)> settings = [("HostName", name), ("HostKeyAlias", name), ("ProxyJump", Gateway), ("UserKnownHostsFile", Quoted(knownHosts))];
            if (account is not null)
                settings.Add(("User", Word(account)));
            Host(text, name + Suffix, [.. settings]);
        }

        return text.ToString();
    }

    /// <summary>The gateway's keys, and whose certificates are taken for targets.</summary>
    /// <exception cref="ClientException">The server said something that is no key.</exception>
    public static string KnownHosts(SshClientJson known, HostPort gateway)
    {
        var text = new StringBuilder("# Written by sallyport ssh-config.\n");
        string place = gateway.Port == 22 ? gateway.Host : $"[{gateway.Host}]:{gateway.Port}";
        SshListenerJson[] listeners = [.. known.Listeners.Where(listener => listener.Port == gateway.Port).DefaultIfEmpty(known.Listeners.FirstOrDefault()).OfType<SshListenerJson>()];
        string[] keys = [.. listeners.SelectMany(listener => listener.HostKeys).Distinct(StringComparer.Ordinal).Select(Key)];
        foreach (string key in keys)
            text.Append(CultureInfo.InvariantCulture, $"{place} {key}\n");
        string names = string.Join(',', known.Targets.Select(target => Name(target.Name)));
        if (known.HostAuthority is { } authority)
            text.Append(CultureInfo.InvariantCulture, $"@cert-authority {(names.Length > 0 ? place + "," + names : place)} {Key(authority)}\n");
        else if (names.Length > 0)
            Array.ForEach(keys, key => text.Append(CultureInfo.InvariantCulture, $"{names} {key}\n"));
        return text.ToString();
    }

    private static void Host(StringBuilder text, string name, params (string Key, string Value)[] settings)
    {
        text.Append(CultureInfo.InvariantCulture, $"\nHost {name}\n");
        foreach ((string key, string value) in settings)
            text.Append(CultureInfo.InvariantCulture, $"    {key} {value}\n");
    }

    private static string Name(string name) => ConfigReader.IsName(name) ? name : throw new ClientException("The server named a target by what is no name.");

    private static string Word(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@' or '\\' or '$') ? word : throw new ClientException("The server named an account that this file cannot hold.");

    private static string Key(string key) => HostKeyText.IsKey(key) && !key.Any(char.IsControl) ? key : throw new ClientException("The server named a key that is none.");

    private static string Quoted(string path) => path.Contains('"', StringComparison.Ordinal) || path.Any(char.IsControl) ? throw new ClientException("The path has a quote in it.") : $"\"{path}\"";
}
