using System.Text;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Explaining;

/// <summary>Resources and details of requests in words, and why details do not fit a rule.</summary>
internal static class DetailProbe
{
    /// <summary>A resource for people.</summary>
    public static string Describe(in ResourceName name)
    {
        string group = name.Group.IsEmpty ? "" : $".{Encoding.UTF8.GetString(name.Group)}";
        string subresource = name.HasSubresource ? $"/{Encoding.UTF8.GetString(name.Subresource)}" : "";
        string called = name.Name.IsEmpty ? "" : $" {Encoding.UTF8.GetString(name.Name)}";
        string where = !name.Namespace.IsEmpty ? $" in {Encoding.UTF8.GetString(name.Namespace)}"
            : name.MayBeInAnyNamespace ? " of the cluster or of all namespaces" : " of the cluster";
        return $"{Encoding.UTF8.GetString(name.Resource)}{group}{subresource}{called}{where}";
    }

    /// <summary>What a rule says of resources, in one line.</summary>
    public static string Describe(ResourceConditions conditions)
    {
        List<string> parts = [];
        if (conditions.Resources is not null)
            parts.Add($"resources {string.Join(", ", conditions.Resources.Select(p => p.Text))}");
        if (conditions.Namespaces is not null)
            parts.Add($"namespaces {string.Join(", ", conditions.Namespaces.Select(p => p.Text))}");
        if (conditions.Names is not null)
            parts.Add($"names {string.Join(", ", conditions.Names.Select(p => p.Text))}");
        return string.Join(" with ", parts);
    }

    /// <summary>Every detail.</summary>
    public static IReadOnlyList<string> List(in ActionDetails details)
    {
        string[] all = new string[details.Count];
        for (int i = 0; i < all.Length; i++)
            all[i] = $"{Encoding.UTF8.GetString(details.Attribute(i))}: {Encoding.UTF8.GetString(details.Value(i))}";
        return all;
    }

    /// <summary>Why the details do not fit the rule; null when they do.</summary>
    public static string? Misfit(PolicyRule rule, in ActionDetails details, bool grant)
    {
        foreach (DetailCondition condition in rule.Details)
        {
            List<string> others = [];
            int matching = 0;
            for (int i = 0; i < details.Count; i++)
            {
                if (!condition.Attribute.Matches(details.Attribute(i)))
                    continue;
                bool fits = false;
                foreach (Glob value in condition.Values)
                    fits |= value.Matches(details.Value(i));
                if (fits)
                    matching++;
                else
                    others.Add($"{Encoding.UTF8.GetString(details.Attribute(i))} is {Encoding.UTF8.GetString(details.Value(i))}");
            }

            bool holds = matching > 0 && (!grant || others.Count == 0);
            if (!holds)
                return others.Count == 0 ? $"the request says nothing of what the rule asks for: {condition.Text}" : $"{string.Join(", ", others)}: not {condition.Text}";
        }

        for (int i = 0; rule.OnlyFields && i < details.Count; i++)
        {
            string attribute = Encoding.UTF8.GetString(details.Attribute(i));
            if (attribute.StartsWith(DetailNames.Field, StringComparison.Ordinal) && !IsNamed(rule, details.Attribute(i)))
                return $"{attribute} is a field that the rule does not name, and it says \"only-fields: true\"";
        }

        return null;
    }

    private static bool IsNamed(PolicyRule rule, ReadOnlySpan<byte> attribute)
    {
        foreach (DetailCondition condition in rule.Details)
        {
            if (condition.IsField && condition.Attribute.Matches(attribute))
                return true;
        }

        return false;
    }
}
