using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Protocols.Ssh.Tests.Shell;

/// <summary>Scans, and writes down what was found.</summary>
internal static class ShellLines
{
    /// <summary>
    /// The effects in their order, "; " between them: commands with their arguments, a blank between them; <c>&lt;path</c>, <c>&gt;path</c>, <c>-path</c>,
    /// <c>@path</c> (a link) and <c>$NAME</c> for files and variables; <c>/**</c> behind a path with all that is below it. "!" in front when it is Unparsed, "~" when it is Truncated.
    /// </summary>
    public static string Describe(string text, ShellScanner? scanner = null)
    {
        scanner ??= new ShellScanner();
        scanner.Scan(Encoding.UTF8.GetBytes(text));
        var found = new StringBuilder();
        if ((scanner.Flags & ActionFlags.Unparsed) != 0)
            found.Append("! ");
        if ((scanner.Flags & ActionFlags.Truncated) != 0)
            found.Append("~ ");
        if (scanner.Kind == ActionKind.FileAccess)
            found.Append(scanner.Transfer!.Value.By).Append(' ');
        if (scanner.Verb == Verb.Subsystem)
            found.Append("subsystem ");
        return found.AppendJoin("; ", Effects(scanner)).ToString().Trim();
    }

    public static List<string> Effects(ShellScanner scanner)
    {
        List<string> effects = [];
        foreach (ObjectRef o in scanner.Objects)
        {
            string name = Encoding.UTF8.GetString(scanner.Names.Slice(o.Start, o.Length)).Replace('\0', ' ');
            name += (o.Flags & ObjectFlags.Below) == 0 ? "" : "/**";
            effects.Add(o.Verb switch
            {
                Verb.FileRead => "<" + name,
                Verb.FileWrite => ">" + name,
                Verb.FileRemove => "-" + name,
                Verb.FileLink => "@" + name,
                Verb.Env => "$" + name,
                _ => name,
            });
        }

        return effects;
    }
}
