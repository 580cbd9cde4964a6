using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads references to secrets, and refuses the secrets themselves.</summary>
internal static class Secrets
{
    private static readonly (string Key, SecretSource Source)[] Sources =
        [("file", SecretSource.File), ("env", SecretSource.Env), ("credential", SecretSource.Credential)];

    /// <summary>The reference under that key; null when it is not there or wrong.</summary>
    public static SecretReference? Read(YamlMap map, string key, ConfigFiles files)
    {
        if (map.IsSingle(key))
        {
            // The value is not repeated: it may be the secret.
            map.Error(key, $"A secret must not stand in the configuration: write \"{key}\" as a map of one key, file, env, credential or command.");
            return null;
        }

        if (map.Map(key) is not { } source)
            return null;
        SecretReference? found = null;
        int count = 0;
        foreach ((string name, SecretSource kind) in Sources)
        {
            if (source.Text(name) is not { } text)
                continue;
            count++;
            found = new SecretReference(kind, kind == SecretSource.File ? files.Absolute(text) : text, source.MarkOf(name));
            if (kind != SecretSource.File && !ConfigReader.IsName(text) && !text.StartsWith('_'))
                source.Error(name, $"\"{text}\" is not a name: a path is written with \"file\".");
        }

        if (Command(source) is { } command)
        {
            count++;
            found = command;
        }

        if (count != 1)
            map.Error(key, $"\"{key}\" must have exactly one of file, env, credential, command.");
        return found;
    }

    /// <summary>A program and its arguments, as a list: no shell takes a line apart.</summary>
    private static SecretReference? Command(YamlMap source)
    {
        if (!source.Has("command"))
            return null;
        string[] words = [.. source.Texts("command", maxCount: 64).Select(text => text.Value)];
        if (words.Length > 0 && !Path.IsPathRooted(words[0]))
            source.Error("command", $"\"{words[0]}\" is no absolute path: what a program's name means depends on who starts the daemon. Write a list, such as [/usr/bin/vault, read, -field=key, secret/sallyport].");
        return new SecretReference(SecretSource.Command, words.FirstOrDefault() ?? "", source.MarkOf("command")) { Arguments = [.. words.Skip(1)] };
    }
}
